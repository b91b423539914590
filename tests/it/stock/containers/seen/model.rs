//! A lab as a naive reader of the contract has it: who has which key, what stands where, and so what each person sees.

use std::collections::HashSet;

use serde_json::{Value, json};

pub const ROLES: [&str; 4] = ["viewer", "member", "manager", "admin"];
pub const KINDS: [&str; 5] = ["building", "room", "cabinet", "shelf", "box"];

/// `SplitMix64`: the same seed, the same lab.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap() % n
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

pub struct Place {
    pub parent: Option<usize>,
    pub kind: usize,
    pub access: &'static str,
    pub users: HashSet<usize>,
    pub roles: HashSet<&'static str>,
}

pub struct Bottle {
    pub place: Option<usize>,
    pub chemical: usize,
    pub is_lost: bool,
    pub is_low: bool,
    pub expires: bool,
    pub code: String,
    pub lot: String,
}

pub struct Lab {
    /// The role of each person.
    pub people: Vec<&'static str>,
    pub places: Vec<Place>,
    pub bottles: Vec<Bottle>,
}

/// Whether a list has what is lost.
#[derive(Default)]
pub enum Lost {
    #[default]
    Without,
    Too,
    Alone,
}

/// What a list is asked for.
#[derive(Default)]
pub struct Asked {
    pub place: Option<usize>,
    pub chemical: Option<usize>,
    pub lost: Lost,
    pub low: bool,
    pub expiring: bool,
    pub lot: Option<String>,
}

impl Lab {
    pub fn draw(dice: &mut Dice, round: usize) -> Self {
        let people = vec!["viewer", "member", "member", "manager", "admin"];
        let mut places: Vec<Place> = Vec::new();
        for _ in 0..9 {
            let kind = dice.below(KINDS.len());
            let outer: Vec<_> = (0..places.len()).filter(|at| places[*at].kind < kind).collect();
            let parent = if outer.is_empty() || dice.below(5) == 0 { None } else { Some(*dice.pick(&outer)) };
            let access = *dice.pick(&["open", "open", "closed", "hidden"]);
            let users = (0..people.len()).filter(|_| dice.below(3) == 0).collect();
            let roles = ROLES.into_iter().filter(|_| dice.below(6) == 0).collect();
            places.push(Place { parent, kind, access, users, roles });
        }
        let bottles = (0..14).map(|n| Bottle {
            place: (dice.below(8) > 0).then(|| dice.below(9)),
            chemical: dice.below(2),
            is_lost: dice.below(5) == 0,
            is_low: dice.below(3) == 0,
            expires: dice.below(2) == 0,
            code: format!("B{round}X{n:02}"),
            lot: format!("LOT{}", dice.below(3)),
        });
        let bottles = bottles.collect();
        Self { people, places, bottles }
    }

    fn around(&self, place: Option<usize>) -> Vec<&Place> {
        let mut all = Vec::new();
        let mut next = place;
        while let Some(at) = next {
            all.push(&self.places[at]);
            next = self.places[at].parent;
        }
        all
    }

    fn has_key(&self, person: usize, place: &Place) -> bool {
        let rank = |role: &str| ROLES.iter().position(|it| *it == role).unwrap();
        let mine = rank(self.people[person]);
        self.people[person] == "admin"
            || place.users.contains(&person)
            || place.roles.iter().any(|role| rank(role) <= mine)
    }

    pub fn sees(&self, person: usize, place: Option<usize>) -> bool {
        !self.around(place).into_iter().any(|it| it.access == "hidden" && !self.has_key(person, it))
    }

    pub fn opens(&self, person: usize, place: Option<usize>) -> bool {
        !self.around(place).into_iter().any(|it| it.access != "open" && !self.has_key(person, it))
    }

    pub fn is_in(&self, place: Option<usize>, outer: usize) -> bool {
        let mut next = place;
        while let Some(at) = next {
            if at == outer {
                return true;
            }
            next = self.places[at].parent;
        }
        false
    }

    /// The codes of the bottles that somebody is to find.
    pub fn found(&self, person: usize, asked: &Asked) -> Vec<String> {
        let matches = |it: &&Bottle| {
            self.sees(person, it.place)
                && asked.place.is_none_or(|outer| self.sees(person, Some(outer)) && self.is_in(it.place, outer))
                && asked.chemical.is_none_or(|chemical| it.chemical == chemical)
                && match asked.lost {
                    Lost::Without => !it.is_lost,
                    Lost::Too => true,
                    Lost::Alone => it.is_lost,
                }
                && (!asked.low || it.is_low && !it.is_lost)
                && (!asked.expiring || it.expires)
                && asked.lot.as_ref().is_none_or(|lot| it.lot.starts_with(lot))
        };
        let mut codes: Vec<_> = self.bottles.iter().filter(matches).map(|it| it.code.clone()).collect();
        codes.sort_unstable();
        codes
    }

    pub fn keys(&self, place: usize, ids: &[Value]) -> Value {
        let users: Vec<_> = self.places[place].users.iter().map(|at| &ids[*at]).collect();
        json!({"users": users, "roles": self.places[place].roles})
    }
}
