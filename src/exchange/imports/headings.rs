//! What files call the columns: each heading of a list means the column that the list stands for. Case, accents, spaces
//! and signs do not count (`CAS-No.`, `cas_no` and `CASNo` are one), and `#` is a number.

use super::headers::{Column, normal};

const CAS: &str = "CAS number, CAS no, CAS nr, CAS RN, CAS numbers, CAS registry number, CAS registry numbers, \
    CAS registry no, CAS registry, CAS reg no, CAS code, CAS id, CAS Nummer, CAS Nummern, CAS Registriernummer, \
    CAS Registernummer, numéro CAS, no CAS, num CAS";
const EC: &str = "EC number, EC numbers, EC no, EC nr, EC list number, EINECS, EINECS number, EINECS no, EINECS nr, \
    EG Nummer, EG nr, CE number, CE no, numéro CE";
const INCHIKEY: &str = "standard InChIKey, InChI Schlüssel";

/// `Container Name` is the name of the substance where `ChemInventory` writes it.
const NAMES: &str = "chemical name, name of chemical, name of the chemical, substance, substance name, compound, \
    compound name, reagent, reagent name, item name, container name, material name, Substanz, Substanzname, Stoff, \
    Stoffname, Stoffbezeichnung, Chemikalie, Chemikalienname, Chemikalienbezeichnung, Bezeichnung, nom, nom chimique, \
    nom de la substance, nombre, nombre químico, sustancia, nombre de la sustancia";
const NEAR_NAMES: &str = "product name, trade name, title, IUPAC name, systematic name, Produktname, Handelsname, \
    nom du produit, nombre del producto";

const FORMULA: &str =
    "molecular formula, chemical formula, sum formula, empirical formula, Summenformel, Formel, formule";
const MOLAR_MASS: &str = "molecular weight, molecular mass, molar mass g mol, molecular weight g mol, formula weight, MW, \
    molare Masse, Molmasse, Molekulargewicht";

pub const SUBSTANCES: &[Column] = &[
    Column::required("name", "chemical").and(NAMES).or_else(NEAR_NAMES),
    Column::optional("cas", CAS),
    Column::optional("ec", EC),
    Column::optional("inchikey", INCHIKEY),
    Column::optional("formula", FORMULA),
    Column::optional("molar mass", MOLAR_MASS),
    Column::optional("density", "density g mL, density g cm3, Dichte, densité, densidad"),
    Column::optional("synonyms", "synonym, other names, alternative names, aliases, Synonyme"),
    DECIDES,
];

/// How many bottles there are. A row is one, so it says 1.
const COUNTS: &str = "number of bottles, no of bottles, nr of bottles, no bottles, bottle count, bottle qty, bottle \
    quantity, quantity of bottles, qty of bottles, total bottles, bottles in stock, bottles, number of containers, no \
    of containers, \
    no containers, container count, container qty, container quantity, containers, number of vials, no of vials, \
    vials, number of items, no of items, item count, items, number of units, no of units, units in stock, number of \
    packs, no of packs, packs, packages, number of pieces, no of pieces, pieces, pcs, copies, Anzahl, Stück, \
    Stückzahl, Stk, Anzahl Flaschen, Anzahl der Flaschen, Anzahl Gebinde, Anzahl Behälter, Anzahl Packungen, Flaschen, \
    Flaschenanzahl, Flaschenzahl, Gebindeanzahl";

/// `container` alone is not the code: as often it says glass or plastic.
const BOTTLES: &[Column] = &[
    Column::required(
        "code",
        "container code, bottle code, barcode, container id, container number, container no, bottle id, bottle number, \
         bottle no, barcode number, barcode no, label code, inventory number, inventory no, inventory id, Flaschennr, \
         Flaschennummer, Flaschencode, Behälternummer, Behälternr, Gebindenummer, Gebindenr, Inventarnummer, Inventarnr, \
         Strichcode",
    ),
    Column::optional("cas", CAS),
    Column::optional("ec", EC),
    Column::optional("inchikey", INCHIKEY),
    Column::optional("chemical", "name").and(NAMES).or_else(NEAR_NAMES),
    Column::optional("formula", FORMULA),
    Column::optional("molar mass", MOLAR_MASS),
    Column::required(
        "amount",
        "remaining amount, amount remaining, amount left, remaining quantity, quantity remaining, current amount, \
         current quantity, Restmenge, aktuelle Menge",
    ),
    // The amount, or how many bottles there are: see `amount_columns`.
    Column::optional(
        "quantity",
        "qty, quantity in stock, qty in stock, quantity on hand, qty on hand, stock quantity, Menge, Bestand, \
         Lagerbestand",
    ),
    Column::optional("count", COUNTS),
    Column::optional(
        "size",
        "container size, bottle size, pack size, package size, unit size, content, Inhalt, Füllmenge, Gebindegröße, \
         Packungsgröße",
    ),
    // Of a bottle that is half empty, what it once held is another number.
    Column::optional("initial", "initial amount, original amount, initial quantity, original quantity, Anfangsmenge"),
    Column::optional(
        "unit",
        "units, amount unit, amount units, quantity unit, qty unit, unit of measure, unit of measurement, UOM, \
         Einheit, Mengeneinheit, Maßeinheit",
    ),
    Column::optional("size unit", "size units, container size unit, pack size unit, initial amount unit"),
    // What is in the bottle beside the substance.
    Column::optional(
        "concentration",
        "conc, concentrations, molarity, normality, Konzentration, Molarität, Normalität",
    ),
    Column::optional("solvent", "solvents, dissolved in, Lösungsmittel, gelöst in, solvant, disolvente"),
    Column::optional(
        "location",
        "location path, location code, location name, place, storage, storage location, storage place, Lagerort, \
         Lagerplatz, Standort, Aufbewahrungsort",
    ),
    Column::optional("building", "building name, Gebäude, Haus"),
    // Where both are there, the lab is whose bottle it is, or a word of the room.
    Column::optional("room", "room name, Raum, Raumname").or_else("lab, laboratory, Labor"),
    Column::optional("room number", "room no, Raumnummer, Raumnr"),
    Column::optional(
        "cabinet",
        "cabinet name, cabinet number, cabinet no, cupboard, storage cabinet, fridge, refrigerator, freezer, Schrank, \
         Schranknummer, Schranknr, Kühlschrank, Gefrierschrank",
    ),
    Column::optional(
        "shelf",
        "shelf number, shelf no, shelf name, rack, drawer, Regal, Regalfach, Regalboden, Fach, Fachboden, Schublade",
    ),
    Column::optional("box", "box number, box no, box name, tray, Kiste, Karton"),
    Column::optional(
        "lot",
        "lot number, lot no, lot nr, batch, batch number, batch no, lot batch, lot batch number, Charge, \
         Chargennummer, Chargennr, Losnummer",
    ),
    Column::optional("supplier", "vendor, Lieferant, fournisseur, proveedor")
        .or_else("manufacturer, brand, Hersteller, Marke, fabricant, fabricante"),
    Column::optional(
        "catalogue number",
        "catalog number, catalogue no, catalog no, cat no, cat number, product number, product no, product code, \
         Artikelnummer, Artikelnr, Bestellnummer, Bestellnr, Katalognummer, Katalognr",
    ),
    Column::optional("tare", "tare weight, tare mass, tare g, Tara, Taragewicht, Leergewicht"),
    Column::optional("tare unit", "tare units, tare weight unit, unit of tare, Taraeinheit"),
    Column::optional(
        "received",
        "received on, received date, date received, receipt date, date of receipt, date in, date acquired, acquired, \
         acquisition date, Eingangsdatum, Eingang, Lieferdatum, erhalten am",
    ),
    Column::optional(
        "opened",
        "opened on, opened date, date opened, opening date, date open, open date, Anbruchdatum, Anbruch, geöffnet, \
         geöffnet am, geoeffnet, geoeffnet am, Öffnungsdatum",
    ),
    Column::optional(
        "expires",
        "expires on, expiry, expiry date, date of expiry, expiration date, date of expiration, expiration, exp date, \
         Verfallsdatum, Verfalldatum, Verfall, Ablaufdatum, Haltbarkeitsdatum, Mindesthaltbarkeitsdatum, MHD, haltbar bis, \
         verwendbar bis",
    ),
    // Where both are there, `state` is that of the substance.
    Column::optional("status", "bottle state, container state, bottle status, container status").or_else("state"),
    Column::optional(
        "note",
        "notes, comment, comments, remark, remarks, Bemerkung, Bemerkungen, Anmerkung, Anmerkungen, Kommentar, Notiz, \
         Notizen",
    ),
    DECIDES,
];

/// What a person says of a row whose name and number are of two substances; nobody has such a column by chance.
const DECIDES: Column = Column::optional("decides", "");

/// Where codes are made, a file needs none.
pub fn of_bottles(make_codes: bool) -> Vec<Column> {
    let free = |column: &Column| make_codes && column.name == "code";
    BOTTLES.iter().map(|column| if free(column) { column.left_free() } else { *column }).collect()
}

/// Whether a heading says that the bottle holds a solution.
pub fn is_of_solution(header: &str) -> bool {
    let of_solution = BOTTLES.iter().filter(|column| ["concentration", "solvent"].contains(&column.name));
    of_solution.into_iter().any(|column| column.knows(&normal(header)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_heading_means_one_column() {
        for columns in [SUBSTANCES, BOTTLES] {
            let mut meant = HashMap::new();
            for (heading, column) in
                columns.iter().flat_map(|it| it.all_headings().map(move |heading| (heading, it.name)))
            {
                let before = meant.insert(normal(heading), (heading, column));
                assert!(before.is_none(), "{heading} of {column}: {before:?}");
            }
        }
    }
}
