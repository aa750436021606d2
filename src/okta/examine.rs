//! What a doctor asks: whose token is it, and is that group there?

use super::error::unusable;
use super::{Reader, decode};
use crate::domain::ids::{GroupId, OktaUserId};
use crate::domain::tenant::Group;
use crate::ports::directory::Answer;
use crate::wire::json::text;

impl Reader {
    /// The user behind the token, whose rights it has.
    pub async fn whoami(&self) -> Answer<OktaUserId> {
        const OP: &str = "read whose token it is";
        let value = self.client().one(OP, self.client().at(OP, &["users", "me"], &[])?).await?;
        text(&value, "/id").map(OktaUserId::new).ok_or_else(|| unusable(OP, "the answer has no usable id"))
    }

    /// One group; `None` when the org has none of this id.
    pub async fn group(&self, id: &GroupId) -> Answer<Option<Group>> {
        const OP: &str = "read the group";
        let found = self.client().maybe(OP, self.client().at(OP, &["groups", id.as_str()], &[])?).await?;
        found.map(|value| decode::group(OP, &value)).transpose()
    }
}
