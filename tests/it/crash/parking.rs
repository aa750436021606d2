//! The search for a name to park under (SAFETY D8): free among live and deleted accounts, on the initial managed domain, and the
//! next one where the first is taken.

use super::model::Vendor;
use super::scenes::{Scene, facts_of, keys, other};
use reanchor::domain::ids::EntraId;
use reanchor::domain::tenant::{EntraUser, Parking, Reading};
use reanchor::domain::time::At;

/// What is found when accounts hold these names; `deleted` ones lie in deletedItems.
fn found(taken: &[(&str, bool)]) -> Reading<Parking> {
    let mut vendor: Vendor = Scene::Hop.vendor();
    for (n, (name, deleted)) in taken.iter().enumerate() {
        let id = EntraId::new(format!("88888888-0000-4000-8000-00000000000{n}"));
        let proxies = vec![format!("smtp:{name}@harbour.onmicrosoft.com")];
        let holder = EntraUser { id: id.clone(), proxies, ..vendor.live[&other()].clone() };
        if *deleted {
            vendor.deleted.insert(id, EntraUser { deleted: Some(At(1)), ..holder });
        } else {
            vendor.live.insert(id, holder);
        }
    }
    facts_of(&vendor, &keys(&vendor, None)).entra.parking.expect("a name is looked for")
}

fn free(name: &str) -> Reading<Parking> {
    Reading::Known(Parking { upn: format!("{name}@harbour.onmicrosoft.com"), holders: Vec::new() })
}

#[test]
fn the_first_name_that_nobody_holds_is_taken() {
    assert_eq!(found(&[]), free("mira"));
    assert_eq!(found(&[("mira", false)]), free("mira-parked1"));
    assert_eq!(found(&[("mira", false), ("mira-parked1", true), ("mira-parked2", false)]), free("mira-parked3"));
}

#[test]
fn a_name_in_deleted_items_is_taken_too() {
    assert_eq!(found(&[("mira", true)]), free("mira-parked1"));
}

#[test]
fn without_a_free_name_there_is_none_and_it_is_said() {
    let all = ["mira", "mira-parked1", "mira-parked2", "mira-parked3"].map(|name| (name, false));
    let Reading::Unread(why) = found(&all) else { panic!("{:?}", found(&all)) };
    assert_eq!(why, "no free name was found on the initial domain");
}
