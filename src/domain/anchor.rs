//! The anchor (sourceAnchor, immutable ID) as a value: its shapes, a new one, and the one mistake that can be recognized.
//!
//! Never says which side is right: that is the business of [`super::guard`]. Compared byte for byte everywhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What the shape of an anchor tells about where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// 24 characters, base64 of 16 bytes: Active Directory's object GUID, or one made in that form.
    Guid,
    /// `0ua…`: the id of the app user, which Okta sends where its mapping gives nothing. It changes with every assignment.
    AppUserId,
    /// Anything else (an Okta user id, a UPN, 64 hexadecimal digits …).
    Other,
}

/// The shape of an anchor.
pub fn shape(anchor: &str) -> Shape {
    if bytes(anchor).is_some() {
        Shape::Guid
    } else if anchor.starts_with("0ua") {
        Shape::AppUserId
    } else {
        Shape::Other
    }
}

fn bytes(anchor: &str) -> Option<[u8; 16]> {
    if anchor.len() != 24 {
        return None;
    }
    STANDARD.decode(anchor).ok()?.try_into().ok()
}

/// An anchor made of 16 bytes.
pub fn from_bytes(bytes: [u8; 16]) -> String {
    STANDARD.encode(bytes)
}

/// The same GUID with its first three fields in the other byte order, as an anchor.
fn swapped(anchor: &str) -> Option<String> {
    let mut bytes = bytes(anchor)?;
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Some(from_bytes(bytes))
}

/// Whether two different anchors are the same GUID, once in the order of Active Directory and once in the order in which GUIDs
/// are written. Both are valid; somebody computed one of them by hand.
pub fn same_guid_other_order(a: &str, b: &str) -> bool {
    a != b && swapped(a).as_deref() == Some(b)
}

/// Whether Graph takes the value: not empty, at most 64 characters, none of those it refuses.
pub fn writable(anchor: &str) -> bool {
    !anchor.is_empty() && anchor.len() <= 64 && !anchor.contains(['$', '_', ' ']) && anchor.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        assert_eq!(shape("6SNZnFLe6jOI3n68hjO5zA=="), Shape::Guid);
        assert_eq!(shape("0ua8samRk4Tz7Lm31d71"), Shape::AppUserId);
        for other in ["00u8samWQ5nHc2Je91d7", "sam@x.example", "", "6SNZnFLe6jOI3n68hjO5zA", "0123456789012345678901=="]
        {
            assert_eq!(shape(other), Shape::Other, "{other}");
        }
    }

    #[test]
    fn the_other_byte_order_of_a_guid_is_recognized_and_nothing_else() {
        assert!(same_guid_other_order("6SNZnFLe6jOI3n68hjO5zA==", "nFkj6d5SM+qI3n68hjO5zA=="));
        assert!(same_guid_other_order("nFkj6d5SM+qI3n68hjO5zA==", "6SNZnFLe6jOI3n68hjO5zA=="));
        assert!(!same_guid_other_order("6SNZnFLe6jOI3n68hjO5zA==", "6SNZnFLe6jOI3n68hjO5zA=="));
        assert!(!same_guid_other_order("6SNZnFLe6jOI3n68hjO5zA==", "RDHiRneDPkiofrZ2nbYu7Q=="));
    }

    #[test]
    fn what_graph_refuses_is_known_before() {
        assert!(writable(&from_bytes([7; 16])) && writable("sam@x.example"));
        assert!(!writable("") && !writable("a_b") && !writable(&"x".repeat(65)));
    }
}
