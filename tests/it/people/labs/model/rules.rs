//! What each person may do, and what comes of it: the rules of docs/people.md once more, in a few lines and without
//! SQL.

use std::collections::{BTreeMap, BTreeSet};

pub const ROLES: [&str; 4] = ["viewer", "member", "manager", "admin"];
pub const MANAGER: usize = 2;
pub const ADMIN: usize = 3;

/// The status, and the type of the problem where it is one.
pub type Said = (u16, &'static str);

const SIGNED_OUT: Said = (401, "bad-token");
const NOT_YOURS: Said = (404, "not-found");
const FORBIDDEN: Said = (403, "forbidden");
const LAST_ADMIN: Said = (409, "last-admin");
const LAST_OWNER: Said = (409, "last-owner");

#[derive(Default, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is given and taken by itself")]
pub struct Person {
    pub owner: bool,
    pub cataloguer: bool,
    pub disabled: bool,
    pub deleted: bool,
}

impl Person {
    pub fn signs_in(&self) -> bool {
        !self.disabled && !self.deleted
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Membership {
    pub role: usize,
    pub left: Option<i64>,
}

#[derive(Debug)]
pub struct Invitation {
    pub lab: usize,
    pub role: usize,
    pub most: usize,
    pub ends: i64,
    pub made: i64,
    pub by: usize,
    /// By their phone.
    pub only: Option<usize>,
    pub revoked: bool,
    pub used_by: BTreeSet<usize>,
}

#[derive(Clone, Copy, Debug)]
pub enum Right {
    SignIn,
    Own,
    Catalogue,
}

/// Labs by number, with their people by number; the time in seconds.
#[derive(Default)]
pub struct World {
    pub now: i64,
    pub people: Vec<Person>,
    pub labs: Vec<BTreeMap<usize, Membership>>,
    pub invitations: Vec<Invitation>,
}

impl World {
    /// Of a member.
    pub fn role(&self, lab: usize, who: usize) -> Option<usize> {
        self.labs[lab].get(&who).filter(|it| it.left.is_none()).map(|it| it.role)
    }

    pub fn catalogues(&self, who: usize) -> bool {
        let in_the_only_lab = self.labs.len() == 1 && self.role(0, who) >= Some(MANAGER);
        self.people[who].owner || self.people[who].cataloguer || in_the_only_lab
    }

    /// None where somebody has the role, or a higher one.
    pub fn lacks(&self, who: usize, lab: usize, role: usize) -> Option<Said> {
        match self.role(lab, who) {
            _ if !self.people[who].signs_in() => Some(SIGNED_OUT),
            None => Some(NOT_YOURS),
            Some(theirs) => (theirs < role).then_some(FORBIDDEN),
        }
    }

    pub fn lacks_right(&self, who: usize, right: Right) -> Option<Said> {
        let has = match right {
            _ if !self.people[who].signs_in() => return Some(SIGNED_OUT),
            Right::SignIn => true,
            Right::Own => self.people[who].owner,
            Right::Catalogue => self.catalogues(who),
        };
        (!has).then_some(FORBIDDEN)
    }

    fn is_last_admin(&self, lab: usize, who: usize) -> bool {
        let is_other = |other: &usize| *other != who && self.role(lab, *other) == Some(ADMIN);
        self.role(lab, who) == Some(ADMIN)
            && !self.labs[lab].keys().filter(|it| is_other(it)).any(|it| self.people[*it].signs_in())
    }

    fn is_last_admin_anywhere(&self, who: usize) -> bool {
        self.people[who].signs_in() && (0..self.labs.len()).any(|lab| self.is_last_admin(lab, who))
    }

    fn is_last_owner(&self, who: usize) -> bool {
        let runs = |person: &Person| person.owner && person.signs_in();
        runs(&self.people[who]) && self.people.iter().filter(|it| runs(it)).count() == 1
    }

    fn end_invitations_of(&mut self, who: usize, lab: Option<usize>) {
        for it in &mut self.invitations {
            it.revoked |= it.by == who && lab.is_none_or(|lab| lab == it.lab) && self.now < it.ends;
        }
    }

    pub fn create_lab(&mut self, by: usize) -> Said {
        if let Some(no) = self.lacks_right(by, Right::Own) {
            return no;
        }
        self.labs.push(BTreeMap::from([(by, Membership { role: ADMIN, left: None })]));
        (201, "")
    }

    pub fn invite(&mut self, new: Invitation) -> Said {
        let said = self.lacks(new.by, new.lab, ADMIN).unwrap_or((201, ""));
        if said.0 == 201 {
            self.invitations.push(new);
        }
        said
    }

    pub fn revoke(&mut self, by: usize, which: usize) -> Said {
        let said = self.lacks(by, self.invitations[which].lab, ADMIN).unwrap_or((204, ""));
        self.invitations[which].revoked |= said.0 == 204;
        said
    }

    pub fn accept(&mut self, by: usize, which: usize) -> Said {
        if let Some(no) = self.lacks_right(by, Right::SignIn) {
            return no;
        }
        let it = &self.invitations[which];
        let is_left = match it.only {
            Some(only) => only == by && it.used_by.is_empty(),
            None => it.used_by.len() < it.most && !it.used_by.contains(&by),
        };
        let membership = self.labs[it.lab].get(&by);
        let may_come = membership.is_none_or(|was| was.left.is_some_and(|left| left < it.made));
        if self.role(it.lab, by).is_some() {
            return (409, "already-member");
        }
        if it.revoked || self.now >= it.ends || !is_left || !may_come {
            return (422, "invitation-refused");
        }
        self.labs[it.lab].insert(by, Membership { role: it.role, left: None });
        self.invitations[which].used_by.insert(by);
        (200, "")
    }

    pub fn set_role(&mut self, by: usize, lab: usize, of: usize, role: usize) -> Said {
        if let Some(no) = self.lacks(by, lab, ADMIN) {
            return no;
        }
        let Some(before) = self.role(lab, of) else { return NOT_YOURS };
        if role < ADMIN && self.is_last_admin(lab, of) {
            return LAST_ADMIN;
        }
        self.labs[lab].insert(of, Membership { role, left: None });
        if before == ADMIN && role < ADMIN {
            self.end_invitations_of(of, Some(lab));
        }
        (200, "")
    }

    pub fn remove(&mut self, by: usize, lab: usize, of: usize) -> Said {
        if let Some(no) = self.lacks(by, lab, if by == of { 0 } else { ADMIN }) {
            return no;
        }
        let Some(role) = self.role(lab, of) else { return NOT_YOURS };
        if self.is_last_admin(lab, of) {
            return LAST_ADMIN;
        }
        self.labs[lab].insert(of, Membership { role, left: Some(self.now) });
        if role == ADMIN {
            self.end_invitations_of(of, Some(lab));
        }
        (204, "")
    }

    pub fn appoint(&mut self, by: usize, lab: usize, whom: usize) -> Said {
        if let Some(no) = self.lacks_right(by, Right::Own) {
            return no;
        }
        if self.role(lab, whom) == Some(ADMIN) {
            return (200, "");
        }
        if !self.people[whom].signs_in() {
            return (422, "invalid");
        }
        self.labs[lab].insert(whom, Membership { role: ADMIN, left: None });
        (201, "")
    }

    pub fn set_owner(&mut self, by: usize, of: usize, owner: bool) -> Said {
        if let Some(no) = self.lacks_right(by, Right::Own) {
            return no;
        }
        if self.people[of].deleted {
            return NOT_YOURS;
        }
        if !owner && self.is_last_owner(of) {
            return LAST_OWNER;
        }
        self.people[of].owner = owner;
        (200, "")
    }

    pub fn set_cataloguer(&mut self, by: usize, of: usize, cataloguer: bool) -> Said {
        if let Some(no) = self.lacks_right(by, Right::Own) {
            return no;
        }
        if self.people[of].deleted {
            return NOT_YOURS;
        }
        self.people[of].cataloguer = cataloguer;
        (200, "")
    }

    pub fn disable(&mut self, by: usize, of: usize, disabled: bool) -> Said {
        if let Some(no) = self.lacks_right(by, Right::Own) {
            return no;
        }
        if self.people[of].deleted {
            return NOT_YOURS;
        }
        if disabled && !self.people[of].disabled {
            if self.is_last_owner(of) {
                return LAST_OWNER;
            }
            if by == of {
                return FORBIDDEN;
            }
            if self.is_last_admin_anywhere(of) {
                return LAST_ADMIN;
            }
            self.end_invitations_of(of, None);
        }
        self.people[of].disabled = disabled;
        (200, "")
    }

    pub fn delete(&mut self, who: usize) -> Said {
        if let Some(no) = self.lacks_right(who, Right::SignIn) {
            return no;
        }
        if self.is_last_owner(who) {
            return LAST_OWNER;
        }
        if self.is_last_admin_anywhere(who) {
            return LAST_ADMIN;
        }
        self.people[who] = Person { deleted: true, ..Person::default() };
        for membership in self.labs.iter_mut().filter_map(|lab| lab.get_mut(&who)) {
            membership.left.get_or_insert(self.now);
        }
        self.end_invitations_of(who, None);
        for it in self.invitations.iter_mut().filter(|it| it.only == Some(who)) {
            it.revoked = true;
        }
        (204, "")
    }
}
