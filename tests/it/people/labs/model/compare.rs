//! Whether the service shows and allows what the model says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Both, PEOPLE,
    rules::{ADMIN, MANAGER, ROLES, Right},
};

impl Both {
    /// What somebody is told of themselves, and one request for each right: what is allowed changes nothing.
    pub async fn compare_person(&self, who: usize) {
        let client = self.person(who).await;
        let allowed = (200, "");
        // Allowed, and then refused because it is empty.
        let empty = (422, "invalid");
        for lab in 0..self.labs.len() {
            let right = |role, else_said| self.world.lacks(who, lab, role).unwrap_or(else_said);
            // An owner of the installation reads each lab's name, and no more of it.
            let reads = if self.world.lacks_right(who, Right::Own).is_none() { allowed } else { right(0, allowed) };
            self.assert_said(&client.get(&self.lab(lab, "")).await, reads);
            self.assert_said(&client.post(&self.lab(lab, "/containers"), json!({})).await, right(1, empty));
            self.assert_said(&client.post(&self.lab(lab, "/locations"), json!({})).await, right(MANAGER, empty));
            self.assert_said(&client.get(&self.lab(lab, "/invitations")).await, right(ADMIN, allowed));
        }
        let right = |right, else_said| self.world.lacks_right(who, right).unwrap_or(else_said);
        self.assert_said(&client.get("/v1/admin/users").await, right(Right::Own, allowed));
        self.assert_said(&client.post("/v1/chemicals", json!({})).await, right(Right::Catalogue, empty));
        let me = client.get("/v1/me").await;
        self.assert_said(&me, right(Right::SignIn, allowed));
        if me.status == 200 {
            self.compare_me(who, &me.body);
        }
    }

    fn compare_me(&self, who: usize, me: &Value) {
        let deeds = self.deeds.join("\n");
        let rights = (self.world.people[who].owner, self.world.catalogues(who));
        assert_eq!(
            (&me["is_owner"], &me["is_cataloguer"]),
            (&json!(rights.0), &json!(rights.1)),
            "{who} after\n{deeds}"
        );
        let labs = me["labs"].as_array().unwrap().iter();
        let told: BTreeMap<_, _> =
            labs.map(|lab| (lab["id"].as_str().unwrap(), lab["role"].as_str().unwrap())).collect();
        let roles = (0..self.labs.len()).filter_map(|lab| Some((&*self.labs[lab], ROLES[self.world.role(lab, who)?])));
        assert_eq!(told, roles.collect::<BTreeMap<_, _>>(), "{who} after\n{deeds}");
    }

    pub async fn compare_all(&self) {
        for who in 0..PEOPLE {
            self.compare_person(who).await;
        }
        for lab in 0..self.labs.len() {
            let Some(admin) = (0..PEOPLE).find(|who| self.world.lacks(*who, lab, ADMIN).is_none()) else { continue };
            self.compare_members(lab, admin).await;
            self.compare_invitations(lab, admin).await;
        }
    }

    async fn compare_members(&self, lab: usize, by: usize) {
        let told = self.person(by).await.get(&self.lab(lab, "/members?include=left&limit=200")).await.ok();
        let of_person = |it: &Value| (it["user_id"].clone(), it["role"].clone(), it["left_at"].is_string());
        let mut told: Vec<_> = told["items"].as_array().unwrap().iter().map(of_person).collect();
        let of_model = |(who, it): (&usize, &super::rules::Membership)| {
            (json!(self.people[*who].user_id), json!(ROLES[it.role]), it.left.is_some())
        };
        let mut expected: Vec<_> = self.world.labs[lab].iter().map(of_model).collect();
        for people in [&mut told, &mut expected] {
            people.sort_by_key(|it| it.0.to_string());
        }
        assert_eq!(told, expected, "members of {lab} after\n{}", self.deeds.join("\n"));
    }

    async fn compare_invitations(&self, lab: usize, by: usize) {
        let told = self.person(by).await.get(&self.lab(lab, "/invitations?limit=200")).await.ok();
        let told: BTreeMap<_, _> =
            told["items"].as_array().unwrap().iter().map(|it| (it["id"].to_string(), it)).collect();
        let here = (0..self.invitations.len()).filter(|which| self.world.invitations[*which].lab == lab);
        for which in here {
            let (told, model) = (told[&json!(self.invitations[which].0).to_string()], &self.world.invitations[which]);
            let told = (&told["uses"], told["revoked_at"].is_string());
            let expected = (&json!(model.used_by.len()), model.revoked);
            assert_eq!(told, expected, "invitation {which} after\n{}", self.deeds.join("\n"));
        }
    }
}
