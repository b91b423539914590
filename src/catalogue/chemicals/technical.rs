//! Names of mixtures and wares of trade that lists of synonyms give to one substance: petroleum ether is a cut of
//! alkanes, and `PubChem` has it among the names of benzene. As a synonym alone such a name tells no substance.

use super::identity::identity;

/// In the form of [`identity`]. Those of the German trade stand behind the English ones.
const NAMES: &str = "petroleum ether, petroleum spirit, petroleum spirits, petroleum benzin, petroleum naphtha, \
    light petroleum, benzin, benzine, benzoline, ligroin, ligroine, naphtha, coal naphtha, coal tar naphtha, \
    solvent naphtha, wood naphtha, white spirit, white spirits, mineral spirit, mineral spirits, mineral turpentine, \
    stoddard solvent, turpentine, oil of turpentine, spirits of turpentine, turpentine oil, gasoline, petrol, kerosene, \
    kerosine, diesel, diesel oil, fuel oil, petroleum, crude oil, mineral oil, paraffin, paraffin oil, liquid paraffin, \
    paraffin wax, petrolatum, vaseline, bitumen, asphalt, tar, coal tar, pitch, creosote, lpg, natural gas, air, \
    hexanes, pentanes, heptanes, octanes, xylenes, mixed xylenes, silicone oil, thinner, paint thinner, lacquer thinner, \
    cellulose thinner, antifreeze, brake fluid, solvent, \
    bleach, household bleach, chlorine bleach, clorox, javel water, javelle water, eau de javel, chloramine, \
    formalin, formol, aqua regia, nitrohydrochloric acid, oleum, fuming sulfuric acid, fuming nitric acid, \
    nitrating acid, mixed acid, piranha, piranha solution, caro's acid, battery acid, aqua fortis, muriatic acid, \
    spirit of salt, spirits of salt, ammonia water, aqua ammonia, ammonia solution, household ammonia, spirit of hartshorn, \
    lime water, limewater, milk of lime, soda lye, soda lime, lye, caustic lye, potash lye, water glass, waterglass, \
    perhydrol, hydrogen peroxide solution, vinegar, brine, saline, sea salt, bone ash, soap, \
    methylated spirit, methylated spirits, denatured alcohol, industrial methylated spirits, rubbing alcohol, \
    surgical spirit, wine spirit, wood alcohol, wood spirit, spirit, spirits, solvent ether, \
    phenol liquid, liquefied phenol, lysol, lugol's solution, lugol solution, lugol, tincture of iodine, \
    iodine tincture, fehling's solution, fehling solution, nessler's reagent, tollens reagent, benedict's solution, \
    karl fischer reagent, phosphate buffered saline, pbs, ringer solution, liver of sulfur, \
    petrolether, waschbenzin, leichtbenzin, testbenzin, wundbenzin, siedegrenzbenzin, terpentin, terpentinol, \
    balsamterpentinol, paraffinol, heizol, spiritus, brennspiritus, weingeist, holzgeist, chlorbleiche, eau de labarraque, \
    konigswasser, nitriersaure, salmiakgeist, ammoniakwasser, kalkwasser, kalkmilch, natronlauge, kalilauge, natronkalk, \
    wasserglas, salzgeist, scheidewasser, batteriesaure, essig, nitroverdunnung, luft, erdgas, steinkohlenteer";

pub fn is_technical(name: &str) -> bool {
    let name = identity(name).to_lowercase();
    NAMES.split(',').any(|technical| technical.trim() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ware_is_known_however_it_is_written_and_a_substance_is_none() {
        for name in ["Petroleum ether", "PETROLEUM ETHER", "Lugol’s solution", "Königswasser", "LPG", "PBS", "Air"] {
            assert!(is_technical(name), "{name}");
        }
        for name in ["benzene", "n-hexane", "diethyl ether", "ethanol", "EtOH", "formaldehyde", ""] {
            assert!(!is_technical(name), "{name}");
        }
    }

    #[test]
    fn every_name_of_the_list_is_written_as_names_are_compared() {
        for name in NAMES.split(',') {
            assert!(is_technical(name), "{name}");
        }
    }
}
