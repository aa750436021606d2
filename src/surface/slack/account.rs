//! Keys of people and channels. A workspace is named by the id of its team (`T…`) or, where the app is installed for a whole
//! organization, of its enterprise (`E…`).
//!
//! Never looks anything up. Begin with [`key`] and [`channel`].

/// The key of an account as actors, links and whispers carry it: `T0123/U0123`.
pub fn key(team: &str, user: &str) -> String {
    [team, "/", user].concat()
}

/// Team and user of a key; a key without a team is a user alone.
pub fn of_key(key: &str) -> (&str, &str) {
    key.split_once('/').unwrap_or(("", key))
}

/// The key of a channel as places and `[[channel]] id` carry it: the bare id in the workspace of `SLACK_BOT_TOKEN`
/// (`home`), `T0123/C0123` in a workspace of `[slack] workspaces`.
pub fn channel(workspace: Option<&str>, id: &str) -> String {
    match workspace {
        Some(workspace) => [workspace, "/", id].concat(),
        None => id.to_owned(),
    }
}

/// Workspace (none: the home one) and id of a channel's key.
pub fn of_channel(channel: &str) -> (Option<&str>, &str) {
    match channel.split_once('/') {
        Some((workspace, id)) => (Some(workspace), id),
        None => (None, channel),
    }
}

/// Whether a text has the shape of a Slack id that begins with one of these letters.
pub fn is_id(text: &str, first: &[u8]) -> bool {
    let (head, rest) = text.as_bytes().split_at_checked(1).unwrap_or_default();
    head.first().is_some_and(|letter| first.contains(letter))
        && (2..=30).contains(&rest.len())
        && rest.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        assert_eq!(of_key(&key("T0AB", "U0CD")), ("T0AB", "U0CD"));
        assert_eq!(of_channel(&channel(Some("E01"), "C01")), (Some("E01"), "C01"));
        assert_eq!(of_channel(&channel(None, "C01")), (None, "C01"));
    }

    #[test]
    fn an_id_has_one_letter_and_capitals() {
        assert!(is_id("T0123ABC", b"TE") && is_id("E01", b"TE"));
        for bad in ["", "T", "T1", "U0123", "T0123abc", "T 123", "T0123/U1", "Ť0123"] {
            assert!(!is_id(bad, b"TE"), "{bad}");
        }
    }
}
