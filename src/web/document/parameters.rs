//! Describes parameters that are the same everywhere.

use utoipa::openapi::{
    KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
};

const DESCRIPTIONS: &[(&str, &str)] = &[
    ("lab_id", "The lab: `id` of one of `GET /v1/labs`, or of `user.labs` in the answer to a login"),
    ("container_id", "The container: `id` of one of the lab's containers"),
    ("chemical_id", "The chemical: `id` of one in the catalogue"),
    ("location_id", "The location: `id` of one of the lab's locations"),
    ("parent_id", "The location that it lies in"),
    ("user_id", "The person: `id` of an account, `user_id` of a member"),
    ("invitation_id", "The invitation: `id` of one of the lab's invitations"),
    ("challenge_id", "The `challenge_id` that the request for a code answered with"),
    ("import_id", "The import: `id` of one of the lab's imports"),
    ("job_id", "The job: `id` of one, as whatever queues it answers"),
    ("id", "The `id` of one in the list"),
    ("limit", "The most items on a page"),
    ("cursor", "The `next_cursor` of the page before"),
    ("state", "Only those in this state"),
    ("kind", "Only those of this kind"),
    ("slug", "The last part of a problem's `type`"),
    ("provider", "The provider that calls: its name as in the configuration"),
    ("If-Match", "The ETag that you read, or the `version` alone in double quotes"),
    ("code", "The code"),
    ("q", "Words to search for"),
];

pub(super) fn complete(operation: &mut Operation, is_post: bool) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let known = DESCRIPTIONS.iter().find(|(name, _)| parameter.name == *name);
        if let Some((_, description)) = known
            && parameter.description.as_ref().is_none_or(|said| said.len() < "The location.".len())
        {
            parameter.description = Some((*description).to_owned());
        }
        if parameter.name == "limit" {
            of_32_bits(parameter);
        }
    }
    if is_post {
        operation.parameters.get_or_insert_default().push(idempotency_key().into());
    }
}

/// The same type in every client: no list is longer than 200.
fn of_32_bits(parameter: &mut Parameter) {
    if let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema {
        schema.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int32));
    }
}

fn idempotency_key() -> Parameter {
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "Makes a repeat safe: the same key and body get the first answer again, for a day. Another body is 422, and \
            409 while the first still runs. A new UUID will do.",
        ))
        .schema(Some(key))
        .build()
}

pub(super) fn if_none_match() -> Parameter {
    ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .description(Some("The ETag that you have: 304 without a body while you would read the same again"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}
