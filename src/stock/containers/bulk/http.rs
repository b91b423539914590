use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Named, Operation, Verdict, post_all, post_each};
use crate::{
    auth::{Auth, Member},
    base::error::{Error, Reason},
    platform::app::App,
    stock::{
        codes::Code,
        containers::{Container, NewEvent, StockEvent},
    },
    web::{Each, Failures, Json, Problem},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post_events))
}

/// Events of any containers of the lab.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewEvents {
    /// Books all of them, or none if one is refused.
    #[serde(default)]
    atomic: bool,
    /// 1 to 500. Those of one container are booked in their order.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<NewOperation>)]
    operations: Vec<Each<NewOperation>>,
}

/// An event, and the container that it is of: `container_id` or `code`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOperation {
    container_id: Option<Uuid>,
    /// What the container's label says.
    code: Option<Code>,
    event: NewEvent,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EventOutcome {
    /// Booked by this call.
    Applied,
    /// Booked before: `event` is what was booked then, `container` as it is now.
    Duplicate,
    /// Not booked, and will not be as long as things are as they are: `problem` says why.
    Rejected,
    /// Not booked this time, and may be sent again: something was away, for this event or for one of the same container
    /// before it; or another event was refused, and `atomic` asked for all or none.
    Later,
}

/// What became of an operation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "verdict": "rejected", "event": null, "container": null, "problem": {
        "type": "/problems/not-enough", "title": "There is not so much in the container", "status": 409,
        "left": {"value": "12.5", "unit": "mL"}
    }
}))]
struct EventVerdict {
    verdict: EventOutcome,
    /// Of `applied` and `duplicate`.
    event: Option<StockEvent>,
    /// As the event left it; of `applied` and `duplicate`.
    container: Option<Container>,
    /// Of `rejected` and sometimes of `later`: what the event alone would be answered with. A pointer in it leads into
    /// the body of this request.
    problem: Option<Problem>,
}

#[derive(Debug, Serialize, ToSchema)]
struct EventVerdicts {
    /// One for each operation, in the same order.
    verdicts: Vec<EventVerdict>,
}

/// Post many stock events
///
/// Up to 500 events of any containers, each as `POST …/containers/{container_id}/events` takes it, with a verdict for
/// each. One that is refused stops no other; with `atomic` it stops all, and the answer is a 409 of type
/// `batch-rejected` with the same `verdicts`. Give each event an `id` of your own: then the call can be repeated after
/// a broken answer, and what was booked is a `duplicate`.
#[utoipa::path(post, path = "/labs/{lab_id}/events", tag = "containers", params(("lab_id" = Uuid, Path)),
    request_body(content = NewEvents, examples(
        ("each" = (value = json!({"operations": [{
            "container_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f",
            "event": {"type": "withdraw", "amount": {"value": "12.5", "unit": "mL"}}
        }]}))),
        ("together" = (value = json!({"atomic": true, "operations": [
            {
                "container_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f",
                "event": {"type": "withdraw", "amount": {"value": "12.5", "unit": "mL"}}
            },
            {
                "container_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f",
                "event": {"type": "move", "location_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f"}
            }
        ]}))))),
    responses((status = 200, body = EventVerdicts), Failures), security(("bearer" = ["member"])))]
async fn post_events(by: Auth<Member>, Json(new): Json<NewEvents>) -> Result<Json<EventVerdicts>, Problem> {
    let operations: Vec<_> = new.operations.iter().map(read).collect();
    let were_read: Vec<_> = operations.iter().map(Result::is_ok).collect();
    let judged = if new.atomic { post_all(&by, operations).await? } else { post_each(&by, operations).await? };
    let verdicts: Vec<_> =
        judged.all.into_iter().enumerate().map(|(n, verdict)| shown(n, verdict, were_read[n])).collect();
    if judged.stand {
        return Ok(Json(EventVerdicts { verdicts }));
    }
    let refusal = Reason::BatchRejected.because("one or more of the events are refused, so none was booked");
    Err(Problem::from(refusal).verdicts(&verdicts))
}

/// What is wrong with it has a pointer into the operation.
fn read(new: &Each<NewOperation>) -> Operation {
    let new = new.read().map_err(Error::Invalid)?;
    let named = match (new.container_id, new.code) {
        (Some(id), None) => Named::Id(id),
        (None, Some(code)) => Named::Code(code),
        (Some(_), Some(_)) => return Err(Error::field("/code", "is sent beside container_id: one of them is enough")),
        (None, None) => return Err(Error::field("/container_id", "is required, or else code")),
    };
    Ok((named, new.event))
}

fn shown(n: usize, verdict: Verdict, was_read: bool) -> EventVerdict {
    let none = EventVerdict { verdict: EventOutcome::Later, event: None, container: None, problem: None };
    match verdict {
        Verdict::Booked(posted) => EventVerdict {
            verdict: if posted.is_new { EventOutcome::Applied } else { EventOutcome::Duplicate },
            event: Some(posted.event),
            container: Some(posted.container),
            problem: None,
        },
        Verdict::Failed(why) => {
            let problem = located(n, Problem::from(why), was_read);
            let verdict = if problem.status < 500 { EventOutcome::Rejected } else { EventOutcome::Later };
            EventVerdict { verdict, problem: Some(problem), ..none }
        }
        Verdict::NotBooked => none,
    }
}

/// Once the operation was read, pointers are of its event, or of the code that several containers may have.
fn located(n: usize, mut problem: Problem, was_read: bool) -> Problem {
    for field in &mut problem.errors {
        let within = if was_read && field.pointer != "/code" { "/event" } else { "" };
        field.pointer = format!("/operations/{n}{within}{}", field.pointer);
    }
    problem
}
