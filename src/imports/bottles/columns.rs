//! What files call the columns of bottles.

use super::super::headers::Column;

/// `container` alone is not the code: as often it says glass or plastic.
const COLUMNS: &[Column] = &[
    Column::required(
        "code",
        &[
            "container code",
            "bottle code",
            "barcode",
            "container id",
            "container number",
            "container no",
            "bottle id",
            "bottle number",
            "label code",
            "inventory number",
            "flaschennr",
            "flaschennummer",
            "inventarnummer",
        ],
    ),
    Column::optional("cas", &["cas number", "cas no", "cas rn", "casrn", "cas nr", "cas nummer"]),
    Column::optional(
        "chemical",
        &["chemical name", "substance", "substance name", "name", "bezeichnung", "chemikalie", "stoff"],
    )
    .or_else(&["product name"]),
    Column::required("amount", &["quantity", "initial amount", "menge"])
        // Of a bottle that is half empty, its size is another number.
        .or_else(&["size", "container size", "pack size", "content", "inhalt"]),
    Column::optional("unit", &["units", "amount unit", "unit of measure", "uom", "einheit"]),
    Column::optional(
        "location",
        &["location path", "location code", "place", "storage", "storage location", "lagerort", "standort"],
    ),
    Column::optional("lot", &["lot number", "lot no", "batch", "batch number", "charge", "chargennummer"]),
    Column::optional("supplier", &["vendor", "lieferant"]).or_else(&["manufacturer", "hersteller"]),
    Column::optional(
        "catalogue number",
        &["catalog number", "catalogue no", "catalog no", "cat no", "product number", "artikelnummer"],
    ),
    Column::optional("tare", &["tare weight", "tare g", "leergewicht"]),
    Column::optional(
        "received",
        &["received on", "date received", "receipt date", "date in", "eingangsdatum", "eingang"],
    ),
    Column::optional("opened", &["opened on", "date opened", "opening date", "date open", "anbruchdatum"]),
    Column::optional(
        "expires",
        &["expires on", "expiry", "expiry date", "expiration date", "expiration", "verfallsdatum", "haltbar bis"],
    ),
    // Where both are there, `state` is that of the substance.
    Column::optional("status", &["bottle state", "container state"]).or_else(&["state"]),
    Column::optional("note", &["notes", "comment", "comments", "remark", "remarks", "bemerkung", "bemerkungen"]),
];

/// Where codes are made, a file needs none.
pub fn columns(make_codes: bool) -> Vec<Column> {
    COLUMNS
        .iter()
        .map(|column| Column { required: column.required && !(make_codes && column.name == "code"), ..*column })
        .collect()
}
