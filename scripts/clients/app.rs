//! What an app says with the client that openapi-generator makes: only what an event has, and which failure came.

use openapi::{
    apis::{Error, catalogue_api::DeleteChemicalError},
    models::{EventType, NewEvent, Quantity, Unit},
};

pub fn withdrawal(value: &str) -> NewEvent {
    let amount = Quantity::new(value.to_owned(), Unit::ML);
    NewEvent { amount: Some(Some(Box::new(amount))), ..NewEvent::new(EventType::Withdraw) }
}

pub fn is_in_use(failure: &Error<DeleteChemicalError>) -> bool {
    let Error::ResponseError(answer) = failure else { return false };
    matches!(answer.entity, Some(DeleteChemicalError::Status409(_)))
}

/// Each failure is read as that of its status, by its type.
fn main() {
    let stale = r#"{"type": "/problems/stale", "title": "It has changed since you read it", "status": 412}"#;
    let read: DeleteChemicalError = serde_json::from_str(stale).expect("a failure of the operation");
    assert!(matches!(read, DeleteChemicalError::Status412(_)), "{read:?}");
    assert_eq!(withdrawal("10").r#type, EventType::Withdraw);
}
