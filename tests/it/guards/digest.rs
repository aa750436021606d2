//! The digest: every value of a plan counts, but for those that SAFETY B1 leaves out.

use super::*;
use serde_json::Value;

/// The paths of all leaves of a JSON value.
fn leaves(value: &Value, path: String, out: &mut Vec<String>) {
    let child = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(all) if !all.is_empty() => all.iter().for_each(|(key, one)| leaves(one, child(key), out)),
        Value::Array(all) if !all.is_empty() => {
            all.iter().enumerate().for_each(|(n, one)| leaves(one, child(&n.to_string()), out));
        }
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push(path);
        }
    }
}

/// Other values that a leaf might have; the first one that the format accepts is used.
fn others(value: &Value) -> Vec<Value> {
    let words = [
        "USER",
        "GROUP",
        "go_on",
        "restore",
        "switch_off",
        "block_only",
        "as_before",
        "00000000-0000-4000-8000-000000000009",
    ];
    let mut all: Vec<Value> = match value {
        Value::Bool(yes) => vec![json!(!yes)],
        Value::Number(n) => vec![json!(n.as_i64().unwrap() + 1)],
        Value::String(text) => vec![json!(format!("{text}x"))],
        Value::Null => vec![json!("x"), json!(1), json!(true)],
        Value::Array(_) => vec![json!(["x"])],
        Value::Object(_) => vec![json!({"x": "y"})],
    };
    all.push(json!({ "existing": "00000000-0000-4000-8000-000000000009" }));
    all.extend(words.iter().map(|word| json!(word)).filter(|other| other != value));
    all
}

/// SAFETY B1: not in the digest.
fn left_out(path: &str) -> bool {
    path.ends_with("/saved/sync_state")
        || path.ends_with("/saved/last_sync")
        || (path.starts_with("/warnings/") && path.ends_with("/foreign"))
}

fn plans() -> Vec<Plan> {
    let mut grouped = deleted_replaced();
    the_row(&mut grouped).scope = Scope::Group;
    grouped.okta.granting_groups = Reading::Known(vec![group("00gm365")]);
    vec![reassign(&grouped).unwrap(), reassign(&deleted_expired()).unwrap(), restore(&deleted_restorable()).unwrap()]
}

#[test]
fn every_leaf_of_a_plan_counts() {
    let mut tried = 0;
    for plan in plans() {
        let whole = serde_json::to_value(&plan).unwrap();
        let mut paths = Vec::new();
        leaves(&whole, String::new(), &mut paths);
        for path in paths {
            let leaf = whole.pointer(&path).unwrap();
            let altered = others(leaf).into_iter().find_map(|other| {
                let mut value = whole.clone();
                *value.pointer_mut(&path).unwrap() = other;
                serde_json::from_value::<Plan>(value).ok().filter(|altered| *altered != plan)
            });
            let Some(altered) = altered else {
                // A tag, a variant without a sibling, or the only value there is.
                let fixed = ["/effect", "/guard", "/goal", "/when", "/check", "/existing", "/remedy"];
                assert!(
                    fixed.iter().any(|end| path.ends_with(end)) || leaf.is_null(),
                    "{path} cannot be altered: {leaf}"
                );
                continue;
            };
            tried += 1;
            let same = altered.digest() == plan.digest();
            assert_eq!(same, left_out(&path), "{path}: {leaf}");
            assert_eq!(altered.code() == plan.code(), same);
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn order_and_number_of_parts_count() {
    let plan = plans().remove(0);
    let changes: [fn(&mut Plan); 7] = [
        |p| p.steps.swap(0, 1),
        |p| drop(p.steps.pop()),
        |p| p.objects.reverse(),
        |p| drop(p.guards.pop()),
        |p| drop(p.warnings.pop()),
        |p| p.warnings.reverse(),
        |p| drop(p.snapshot.pop_first()),
    ];
    for (n, change) in changes.iter().enumerate() {
        let mut altered = plan.clone();
        change(&mut altered);
        assert_ne!(altered.digest(), plan.digest(), "{n}");
    }
}

#[test]
fn values_do_not_run_into_each_other() {
    let plan = plans().remove(0);
    let split = |org: &str, user: &str| {
        Plan { org_url: org.to_owned(), user_name: user.to_owned(), app: AppId::new(""), ..plan.clone() }.digest()
    };
    assert_ne!(split("ab", "c"), split("a", "bc"));
    assert_ne!(split("a1:b", "c"), split("a", "1:bc"));
}

#[test]
fn what_okta_moves_by_itself_does_not_count() {
    let mut facts = deleted_replaced();
    let first = reassign(&facts).unwrap();
    the_row(&mut facts).last_sync = Some(NOW);
    the_row(&mut facts).sync_state = Some("SYNCHRONIZED".to_owned());
    facts.read_at = NOW.plus(MINUTE);
    on_candidate(&mut facts, |user| user.name = "Whitlock, Sam".to_owned());
    assert_eq!(reassign(&facts).unwrap().digest(), first.digest());
}
