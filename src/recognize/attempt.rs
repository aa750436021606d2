//! What Okta was trying to do when it failed, by the words of its task line or System Log event.
//!
//! Never guesses: a text without such words gives nothing. Begin with [`attempt`].

use crate::domain::beside::Attempt;

/// Phrases in lower case. The first one in the text decides; at the same place the longer one.
const PHRASES: [(&str, Attempt); 25] = [
    ("automatic provisioning of", Attempt::Create),
    ("automatic user provisioning of", Attempt::Create),
    ("could not provision", Attempt::Create),
    ("could not create", Attempt::Create),
    ("push new user to", Attempt::Create),
    ("provision.user.push\"", Attempt::Create),
    ("provision.user.push ", Attempt::Create),
    ("automatic profile push of", Attempt::Update),
    ("automatic profile update of", Attempt::Update),
    ("automatic update of", Attempt::Update),
    ("could not push profile", Attempt::Update),
    ("could not update", Attempt::Update),
    ("pushing a profile update", Attempt::Update),
    ("provision.user.push_profile", Attempt::Update),
    ("provision.user.sync", Attempt::Update),
    ("automatic deactivation of", Attempt::Deactivate),
    ("automatic deprovisioning of", Attempt::Deactivate),
    ("automatic user deprovisioning of", Attempt::Deactivate),
    ("automatic reactivation of", Attempt::Deactivate),
    ("could not deactivate", Attempt::Deactivate),
    ("could not reactivate", Attempt::Deactivate),
    ("could not deprovision", Attempt::Deactivate),
    ("deactivating user", Attempt::Deactivate),
    ("provision.user.deactivate", Attempt::Deactivate),
    ("provision.user.reactivate", Attempt::Deactivate),
];

/// What Okta was trying to do, where the text of one error tells.
pub fn attempt(text: &str) -> Option<Attempt> {
    let text = text.to_ascii_lowercase();
    let found = PHRASES.iter().filter_map(|(phrase, attempt)| Some((text.find(phrase)?, phrase.len(), *attempt)));
    found.min_by_key(|(at, length, _)| (*at, std::cmp::Reverse(*length))).map(|(_, _, attempt)| attempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_line_tells_what_was_tried() {
        for (text, expected) in [
            ("Automatic provisioning of user A B to app Box failed: x", Some(Attempt::Create)),
            ("Automatic profile push of user A B to app Box failed: Could not push profile", Some(Attempt::Update)),
            ("Automatic deactivation of user A B to app Box failed: Could not deactivate", Some(Attempt::Deactivate)),
            ("Automatic reactivation of user A B to app Box failed", Some(Attempt::Deactivate)),
            (
                r#"{"eventType":"application.provision.user.push","outcome":{"result":"FAILURE"}}"#,
                Some(Attempt::Create),
            ),
            (r#"{"eventType":"application.provision.user.push_profile"}"#, Some(Attempt::Update)),
            ("httpStatusCode=404 errorCode=Request_ResourceNotFound method=PATCH", None),
            ("", None),
        ] {
            assert_eq!(attempt(text), expected, "{text}");
        }
    }
}
