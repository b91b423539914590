//! What was posted, as a fingerprint that is kept in the ledger: it tells a repeat from something else under the same
//! id. Values count, not how they were written.

use aws_lc_rs::digest::{SHA256, digest};
use chemistry::{Quantity, Unit};
use rust_decimal::Decimal;
use serde::Serialize;
use uuid::Uuid;

use super::{NewContainer, NewEvent};

pub type Fingerprint = [u8; 16];

impl NewEvent {
    pub fn fingerprint(&self, container_id: Uuid, by: Uuid) -> Fingerprint {
        fingerprint(&(
            (container_id, by, self.r#type, self.occurred_at, &self.reason),
            (
                self.amount.map(plain),
                self.gross.map(plain),
                self.tare.map(plain),
                self.location_id,
                self.event_id,
                self.holder_id,
            ),
        ))
    }
}

impl NewContainer {
    pub fn fingerprint(&self, container_id: Uuid, by: Uuid) -> Fingerprint {
        fingerprint(&(
            (container_id, by, self.occurred_at, self.chemical_id, self.location_id, &self.code, &self.gtin),
            (
                plain(self.amount),
                self.low_at.map(plain),
                self.tare.map(plain),
                self.density.map(|density| density.get().normalize()),
            ),
            (&self.lot, &self.supplier, &self.catalogue_number, &self.note),
            (self.received_on, self.opened_on, self.expires_on),
        ))
    }
}

fn plain(quantity: Quantity) -> (Decimal, Unit) {
    (quantity.value.get().normalize(), quantity.unit)
}

pub fn fingerprint(content: &impl Serialize) -> Fingerprint {
    let content = serde_json::to_vec(content).unwrap_or_default();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest(&SHA256, &content).as_ref()[..16]);
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_event(body: &str) -> Fingerprint {
        serde_json::from_str::<NewEvent>(body).unwrap().fingerprint(Uuid::nil(), Uuid::nil())
    }

    #[test]
    fn the_same_event_has_one_fingerprint_however_it_is_written() {
        let first = of_event(r#"{"type":"withdraw","amount":{"value":"12.5","unit":"mL"}}"#);
        for same in [
            r#"{"amount":{"unit":"ml","value":"12.50"},"type":"withdraw","reason":null}"#,
            r#"{"type":"withdraw","id":"01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f","amount":{"value":"012.5","unit":"mL"}}"#,
        ] {
            assert_eq!(of_event(same), first, "{same}");
        }
        for other in [
            r#"{"type":"return","amount":{"value":"12.5","unit":"mL"}}"#,
            r#"{"type":"withdraw","amount":{"value":"12.51","unit":"mL"}}"#,
            r#"{"type":"withdraw","amount":{"value":"12.5","unit":"L"}}"#,
            r#"{"type":"withdraw","amount":{"value":"12.5","unit":"mL"},"reason":"x"}"#,
            r#"{"type":"withdraw","amount":{"value":"12.5","unit":"mL"},"occurred_at":"2026-11-01T00:00:00Z"}"#,
        ] {
            assert_ne!(of_event(other), first, "{other}");
        }
    }

    #[test]
    fn every_field_of_a_new_container_stands_in_its_fingerprint() {
        let chemical = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f";
        let of = |more: &[(&str, serde_json::Value)]| {
            let amount = serde_json::json!({"value": "1.50", "unit": "L"});
            let mut body = serde_json::json!({"chemical_id": chemical, "amount": amount});
            for (field, value) in more {
                body[*field] = value.clone();
            }
            serde_json::from_value::<NewContainer>(body).unwrap().fingerprint(Uuid::nil(), Uuid::nil())
        };
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let first = of(&[]);
        for same in [("amount", r#"{"unit": "l", "value": "1.5"}"#), ("lot", "null"), ("code", "null")] {
            assert_eq!(of(&[(same.0, value(same.1))]), first, "{same:?}");
        }
        let mut seen = vec![first];
        for (field, given) in [
            ("chemical_id", r#""01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e80""#),
            ("location_id", r#""01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f""#),
            ("code", r#""X""#),
            ("amount", r#"{"unit": "mL", "value": "1.5"}"#),
            ("low_at", r#"{"unit": "L", "value": "1"}"#),
            ("tare", r#"{"unit": "g", "value": "1"}"#),
            ("density", r#""0.9""#),
            ("lot", r#""X""#),
            ("supplier", r#""X""#),
            ("catalogue_number", r#""X""#),
            ("gtin", r#""4006381333931""#),
            ("note", r#""X""#),
            ("received_on", r#""2026-01-01""#),
            ("opened_on", r#""2026-01-01""#),
            ("expires_on", r#""2026-01-01""#),
            ("occurred_at", r#""2026-01-01T00:00:00Z""#),
        ] {
            let other = of(&[(field, value(given))]);
            assert!(!seen.contains(&other), "{field}");
            seen.push(other);
        }
    }
}
