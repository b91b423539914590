//! Random deeds of several people, compared with a model of who is what and may do what.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod compare;
mod rules;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use self::rules::{ADMIN, Invitation, Person, ROLES, Said, World};
use super::invitations::{ACCEPT, with_phone};
use crate::support::{Answer, Client, TestApp, dice::Dice};

const PEOPLE: usize = 6;
const DEEDS: usize = 90;

/// The service and the model of it: the same people, labs and invitations, by number.
struct Both {
    app: TestApp,
    dice: Dice,
    world: World,
    people: Vec<Client>,
    labs: Vec<String>,
    /// Id and code.
    invitations: Vec<(String, Value)>,
    deeds: Vec<String>,
}

impl Both {
    /// The first owns the installation, and the second is admin of its only lab.
    async fn begin(db: PgPool, seed: u64) -> Self {
        let app = TestApp::new(db).await;
        let mut people = Vec::new();
        for n in 0..PEOPLE {
            people.push(with_phone(&app, &phone(n)).await);
        }
        let first = "update users set is_owner = true where id = $1";
        sqlx::query(first).bind(people[0].user_id).execute(&app.db).await.unwrap();
        let mut world = World { people: vec![Person::default(); PEOPLE], labs: vec![[].into()], ..World::default() };
        world.people[0].owner = true;
        let labs = vec![app.lab.to_string()];
        let (invitations, deeds) = (Vec::new(), Vec::new());
        let mut both = Self { app, dice: Dice(seed), world, people, labs, invitations, deeds };
        both.appoint(0, 0, 1).await;
        both
    }

    /// With a session of now.
    async fn person(&self, who: usize) -> Client {
        self.app.signed_in(&self.people[who]).await
    }

    #[track_caller]
    fn assert_said(&self, answer: &Answer, expected: Said) {
        let slug = answer.body["type"].as_str().and_then(|it| it.strip_prefix("/problems/")).unwrap_or_default();
        let deeds = self.deeds.join("\n");
        assert_eq!((answer.status.as_u16(), slug), expected, "{}\nafter\n{deeds}", answer.text);
    }

    fn told(&mut self, deed: &str) {
        self.deeds.push(format!("{:>7} s  {deed}", self.world.now));
    }

    async fn do_something(&mut self) {
        let (by, whom) = (self.dice.below(PEOPLE), self.dice.below(PEOPLE));
        let (lab, role) = (self.dice.below(self.labs.len()), self.dice.below(ROLES.len()));
        // Somebody who may is likelier to do it.
        let of_labs = |world: &World| (0..PEOPLE).find(|who| world.lacks(*who, lab, ADMIN).is_none());
        let admin = if self.dice.one_in(3) { by } else { of_labs(&self.world).unwrap_or(by) };
        let owner =
            if self.dice.one_in(3) { by } else { self.world.people.iter().position(|it| it.owner).unwrap_or(by) };
        match self.dice.below(32) {
            0..=5 => self.invite(admin, lab, role).await,
            6..=12 => self.accept(by).await,
            13 => self.revoke(admin).await,
            14..=17 => self.set_role(admin, lab, whom, role).await,
            18..=20 => self.remove(admin, lab, whom).await,
            21 => self.remove(by, lab, by).await,
            22 => self.appoint(owner, lab, whom).await,
            23..=27 => self.change_account(owner, whom).await,
            28 if self.dice.one_in(3) => self.delete(by).await,
            29 if self.labs.len() < 3 && self.dice.one_in(2) => self.create_lab(owner).await,
            _ => {
                let seconds = self.dice.pick(&[0, 1, 60, 3_599, 3_600, 7_200, 90_000]);
                self.world.now += seconds;
                self.app.advance(TimeDelta::seconds(seconds));
            }
        }
    }

    async fn invite(&mut self, by: usize, lab: usize, role: usize) {
        let (most, hours) = (1 + self.dice.below(3), self.dice.pick(&[1, 2, 48]));
        let only = self.dice.one_in(4).then(|| self.dice.below(PEOPLE));
        self.told(&format!("{by} invites {most} people into {lab} as {role} for {hours} h, only {only:?}"));
        let mut new = json!({"role": ROLES[role], "max_uses": most, "expires_in_hours": hours});
        if let Some(only) = only {
            new["phone"] = json!(phone(only));
        }
        let answer = self.person(by).await.post(&self.lab(lab, "/invitations"), new).await;
        let made = self.world.now;
        let ends = made + 3600 * hours;
        let new = Invitation { lab, role, most, ends, made, by, only, revoked: false, used_by: BTreeSet::new() };
        let expected = self.world.invite(new);
        self.assert_said(&answer, expected);
        if expected.0 == 201 {
            self.invitations.push((answer.body["id"].as_str().unwrap().to_owned(), answer.body["code"].clone()));
        }
    }

    /// One of those of the last time, mostly.
    fn an_invitation(&mut self) -> Option<usize> {
        let all = self.invitations.len();
        let newest = if self.dice.one_in(4) { all } else { all.min(4) };
        (all > 0).then(|| all - 1 - self.dice.below(newest))
    }

    async fn accept(&mut self, by: usize) {
        let Some(which) = self.an_invitation() else { return };
        self.told(&format!("{by} accepts invitation {which}"));
        let answer = self.person(by).await.post(ACCEPT, json!({"code": self.invitations[which].1})).await;
        let expected = self.world.accept(by, which);
        self.assert_said(&answer, expected);
        if expected.0 == 200 {
            assert_eq!(answer.body["role"], ROLES[self.world.invitations[which].role]);
        }
    }

    async fn revoke(&mut self, by: usize) {
        let Some(which) = self.an_invitation() else { return };
        self.told(&format!("{by} revokes invitation {which}"));
        let lab = self.world.invitations[which].lab;
        let path = self.lab(lab, &format!("/invitations/{}", self.invitations[which].0));
        let answer = self.person(by).await.delete(&path, "*").await;
        let expected = self.world.revoke(by, which);
        self.assert_said(&answer, expected);
    }

    async fn set_role(&mut self, by: usize, lab: usize, of: usize, role: usize) {
        self.told(&format!("{by} makes {of} {} of {lab}", ROLES[role]));
        let (path, role_told) = (self.member(lab, of), json!({"role": ROLES[role]}));
        let answer = self.person(by).await.patch(&path, "*", role_told).await;
        let expected = self.world.set_role(by, lab, of, role);
        self.assert_said(&answer, expected);
    }

    async fn remove(&mut self, by: usize, lab: usize, of: usize) {
        self.told(&format!("{by} removes {of} from {lab}"));
        let answer = self.person(by).await.delete(&self.member(lab, of), "*").await;
        let expected = self.world.remove(by, lab, of);
        self.assert_said(&answer, expected);
    }

    async fn appoint(&mut self, by: usize, lab: usize, whom: usize) {
        self.told(&format!("{by} appoints {whom} admin of {lab}"));
        let path = format!("/v1/admin/labs/{}/admins", self.labs[lab]);
        let answer = self.person(by).await.post(&path, json!({"user_id": self.people[whom].user_id})).await;
        let expected = self.world.appoint(by, lab, whom);
        self.assert_said(&answer, expected);
    }

    async fn change_account(&mut self, by: usize, of: usize) {
        let (field, value) = (self.dice.pick(&["is_owner", "is_cataloguer", "disabled"]), self.dice.one_in(2));
        self.told(&format!("{by} sets {field} of {of} to {value}"));
        let path = format!("/v1/admin/users/{}", self.people[of].user_id);
        let answer = self.person(by).await.patch(&path, "*", json!({ (field): value })).await;
        let expected = match field {
            "is_owner" => self.world.set_owner(by, of, value),
            "is_cataloguer" => self.world.set_cataloguer(by, of, value),
            _ => self.world.disable(by, of, value),
        };
        self.assert_said(&answer, expected);
    }

    async fn delete(&mut self, who: usize) {
        self.told(&format!("{who} deletes the account"));
        let answer = self.person(who).await.delete("/v1/me", "*").await;
        let expected = self.world.delete(who);
        self.assert_said(&answer, expected);
    }

    async fn create_lab(&mut self, by: usize) {
        self.told(&format!("{by} creates a lab"));
        let name = format!("Lab {}", self.deeds.len());
        let answer = self.person(by).await.post("/v1/labs", json!({ "name": name })).await;
        let expected = self.world.create_lab(by);
        self.assert_said(&answer, expected);
        if expected.0 == 201 {
            self.labs.push(answer.body["id"].as_str().unwrap().to_owned());
        }
    }

    fn lab(&self, lab: usize, below: &str) -> String {
        format!("/v1/labs/{}{below}", self.labs[lab])
    }

    fn member(&self, lab: usize, who: usize) -> String {
        self.lab(lab, &format!("/members/{}", self.people[who].user_id))
    }
}

fn phone(who: usize) -> String {
    format!("+1202555010{who}")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn roles_and_rights_are_what_a_model_says_after_each_of_random_deeds(db: PgPool) {
    follow(db, 1).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn roles_and_rights_are_what_a_model_says_after_other_deeds_too(db: PgPool) {
    follow(db, 2).await;
}

async fn follow(db: PgPool, seed: u64) {
    let mut both = Both::begin(db, seed).await;
    for deed in 1..=DEEDS {
        both.do_something().await;
        let who = both.dice.below(PEOPLE);
        both.compare_person(who).await;
        if deed % 15 == 0 {
            both.compare_all().await;
        }
    }
    both.compare_all().await;
}
