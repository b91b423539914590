//! Atomic weights, in units of 0.0001 g/mol: the underscore stands where the point would.
//!
//! Source: T. Prohaska et al., "Standard atomic weights of the elements 2021 (IUPAC Technical
//! Report)", Pure Appl. Chem. 94 (2022) 573, table of weights abridged to five digits, which gives
//! one conventional value where the weight is an interval. Elements without a standard weight have
//! the mass number of the IUPAC Periodic Table of 4 May 2022. Nuclides: AME2020, Chinese Physics C
//! 45 (2021) 030003.

/// In the order of the atomic numbers.
#[rustfmt::skip]
const ELEMENTS: [(&str, u32); 118] = [
    ("H", 1_0080), ("He", 4_0026), ("Li", 6_9400), ("Be", 9_0122), ("B", 10_8100), ("C", 12_0110),
    ("N", 14_0070), ("O", 15_9990), ("F", 18_9980), ("Ne", 20_1800), ("Na", 22_9900),
    ("Mg", 24_3050), ("Al", 26_9820), ("Si", 28_0850), ("P", 30_9740), ("S", 32_0600),
    ("Cl", 35_4500), ("Ar", 39_9500), ("K", 39_0980), ("Ca", 40_0780), ("Sc", 44_9560),
    ("Ti", 47_8670), ("V", 50_9420), ("Cr", 51_9960), ("Mn", 54_9380), ("Fe", 55_8450),
    ("Co", 58_9330), ("Ni", 58_6930), ("Cu", 63_5460), ("Zn", 65_3800), ("Ga", 69_7230),
    ("Ge", 72_6300), ("As", 74_9220), ("Se", 78_9710), ("Br", 79_9040), ("Kr", 83_7980),
    ("Rb", 85_4680), ("Sr", 87_6200), ("Y", 88_9060), ("Zr", 91_2240), ("Nb", 92_9060),
    ("Mo", 95_9500), ("Tc", 97_0000), ("Ru", 101_0700), ("Rh", 102_9100), ("Pd", 106_4200),
    ("Ag", 107_8700), ("Cd", 112_4100), ("In", 114_8200), ("Sn", 118_7100), ("Sb", 121_7600),
    ("Te", 127_6000), ("I", 126_9000), ("Xe", 131_2900), ("Cs", 132_9100), ("Ba", 137_3300),
    ("La", 138_9100), ("Ce", 140_1200), ("Pr", 140_9100), ("Nd", 144_2400), ("Pm", 145_0000),
    ("Sm", 150_3600), ("Eu", 151_9600), ("Gd", 157_2500), ("Tb", 158_9300), ("Dy", 162_5000),
    ("Ho", 164_9300), ("Er", 167_2600), ("Tm", 168_9300), ("Yb", 173_0500), ("Lu", 174_9700),
    ("Hf", 178_4900), ("Ta", 180_9500), ("W", 183_8400), ("Re", 186_2100), ("Os", 190_2300),
    ("Ir", 192_2200), ("Pt", 195_0800), ("Au", 196_9700), ("Hg", 200_5900), ("Tl", 204_3800),
    ("Pb", 207_2000), ("Bi", 208_9800), ("Po", 209_0000), ("At", 210_0000), ("Rn", 222_0000),
    ("Fr", 223_0000), ("Ra", 226_0000), ("Ac", 227_0000), ("Th", 232_0400), ("Pa", 231_0400),
    ("U", 238_0300), ("Np", 237_0000), ("Pu", 244_0000), ("Am", 243_0000), ("Cm", 247_0000),
    ("Bk", 247_0000), ("Cf", 251_0000), ("Es", 252_0000), ("Fm", 257_0000), ("Md", 258_0000),
    ("No", 259_0000), ("Lr", 262_0000), ("Rf", 267_0000), ("Db", 268_0000), ("Sg", 269_0000),
    ("Bh", 270_0000), ("Hs", 269_0000), ("Mt", 277_0000), ("Ds", 281_0000), ("Rg", 282_0000),
    ("Cn", 285_0000), ("Nh", 286_0000), ("Fl", 290_0000), ("Mc", 290_0000), ("Lv", 293_0000),
    ("Ts", 294_0000), ("Og", 294_0000),
];

/// Nuclides that are sold as labels or sources: element, mass number, mass.
#[rustfmt::skip]
const NUCLIDES: [(&str, u16, u32); 32] = [
    ("H", 1, 1_0078), ("H", 2, 2_0141), ("H", 3, 3_0160), ("He", 3, 3_0160), ("He", 4, 4_0026),
    ("Li", 6, 6_0151), ("Li", 7, 7_0160), ("B", 10, 10_0129), ("B", 11, 11_0093), ("C", 11, 11_0114),
    ("C", 12, 12_0000), ("C", 13, 13_0034), ("C", 14, 14_0032), ("N", 14, 14_0031), ("N", 15, 15_0001),
    ("O", 16, 15_9949), ("O", 17, 16_9991), ("O", 18, 17_9992), ("F", 18, 18_0009), ("F", 19, 18_9984),
    ("Na", 22, 21_9944), ("P", 32, 31_9739), ("P", 33, 32_9717), ("S", 34, 33_9679), ("S", 35, 34_9690),
    ("Cl", 35, 34_9689), ("Cl", 36, 35_9683), ("Cl", 37, 36_9659), ("Fe", 57, 56_9354),
    ("I", 125, 124_9046), ("I", 131, 130_9061), ("Pr", 141, 140_9077),
];

/// How many units of mass are one g/mol, as a number of decimals.
pub(super) const DECIMALS: u32 = 4;

/// One kind of atom in a formula: an element as found on Earth, or one of its nuclides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Atom {
    pub element: &'static str,
    /// The mass number, `None` for the natural mixture.
    pub nuclide: Option<u16>,
    pub mass: u32,
}

impl Atom {
    /// An element of which there is no standard weight: its mass here is a mass number, the only ones that are whole.
    pub fn is_rough(&self) -> bool {
        self.nuclide.is_none() && self.mass.is_multiple_of(10_u32.pow(DECIMALS))
    }

    /// `D` and `T` are the two nuclides with a symbol of their own.
    pub fn find(symbol: &str) -> Option<Self> {
        match symbol {
            "D" => Self::find_nuclide("H", 2),
            "T" => Self::find_nuclide("H", 3),
            _ => {
                let (element, mass) = *ELEMENTS.iter().find(|(known, _)| *known == symbol)?;
                Some(Self { element, nuclide: None, mass })
            }
        }
    }

    /// A nuclide outside the table has its mass number for mass, which is right to about 0.1 %.
    /// Mass numbers that no nucleus of the element comes near are not found.
    pub fn find_nuclide(symbol: &str, mass_number: u16) -> Option<Self> {
        let protons = (1..).zip(ELEMENTS).find_map(|(z, (known, _))| (known == symbol).then_some(z))?;
        if !(protons..=3 * protons).contains(&mass_number) {
            return None;
        }
        let element = Self::find(symbol)?.element;
        let listed = NUCLIDES.iter().find(|(of, number, _)| *of == element && *number == mass_number);
        let mass = listed.map_or(u32::from(mass_number) * 10_u32.pow(DECIMALS), |(_, _, mass)| *mass);
        Some(Self { element, nuclide: Some(mass_number), mass })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_there_once_and_in_order() {
        for (number, symbol) in [(1, "H"), (6, "C"), (26, "Fe"), (57, "La"), (71, "Lu"), (92, "U"), (118, "Og")] {
            assert_eq!(ELEMENTS[number - 1].0, symbol);
        }
        for (symbol, _) in ELEMENTS {
            assert_eq!(ELEMENTS.iter().filter(|(other, _)| *other == symbol).count(), 1, "{symbol}");
        }
    }

    #[test]
    fn weights_are_those_of_the_source() {
        for (symbol, mass) in
            [("H", 1_0080), ("He", 4_0026), ("Cl", 35_4500), ("Ge", 72_6300), ("Tc", 97_0000), ("Pb", 207_2000)]
        {
            assert_eq!(Atom::find(symbol).unwrap().mass, mass, "{symbol}");
        }
    }

    /// The four known exceptions, where the lighter element has the larger atomic number, and the
    /// synthetic elements, whose mass number is an accident of discovery.
    #[test]
    fn weights_rise_with_the_atomic_number_but_for_the_known_inversions() {
        let falls: Vec<_> =
            ELEMENTS[..92].windows(2).filter(|pair| pair[0].1 > pair[1].1).map(|pair| pair[1].0).collect();
        assert_eq!(falls, ["K", "Ni", "I", "Pa"]);
    }

    #[test]
    fn a_nuclide_weighs_nearly_its_mass_number() {
        for (symbol, number, mass) in NUCLIDES {
            assert!(mass.abs_diff(u32::from(number) * 1_0000) < 1000, "{symbol}-{number}");
            assert_eq!(Atom::find_nuclide(symbol, number).unwrap().mass, mass);
        }
        assert_eq!(Atom::find_nuclide("Co", 60).unwrap().mass, 60_0000, "not in the table");
    }

    #[test]
    fn impossible_nuclides_and_elements_are_not_found() {
        assert_eq!(Atom::find_nuclide("C", 5), None);
        assert_eq!(Atom::find_nuclide("H", 4), None);
        assert_eq!(Atom::find_nuclide("D", 2), None);
        for symbol in ["", "J", "Xx", "h", "CL", "Uue"] {
            assert_eq!(Atom::find(symbol), None, "{symbol}");
        }
    }
}
