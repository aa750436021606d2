//! The feed of the simulated status page: Atom, without a token, as the real one.
//!
//! Never holds anything of the org. Begin with [`feed`].
use serde_json::Value;

use crate::sandbox::clock::graph_time;
use crate::sandbox::model::World;
use crate::sandbox::wire::{Call, Reply};

/// Path of the feed on the port of the org.
pub(crate) const PATH: &str = "/status/rss";
/// Its name for faults.
pub(crate) const OP: &str = "okta.status.feed";

pub(super) fn feed(world: &mut World, _: &Call) -> Reply {
    let mut items = String::new();
    if let Some((incident, title)) =
        world.incident.as_ref().and_then(|incident| Some((incident, incident.okta.as_ref()?)))
    {
        let update = if incident.is_closed(world.now) {
            "Resolved: the cause was found and mended. Earlier: investigating."
        } else {
            "Investigating: new connections and pushes fail for some customers. Signing in is not affected."
        };
        let (title, at) = (escaped(title), graph_time(incident.began));
        items = format!(
            "<entry><title>{title}</title><id>incident-1</id><updated>{at}</updated>\
             <content type=\"html\">&lt;p&gt;{update}&lt;/p&gt;</content></entry>"
        );
    }
    let quiet = "<entry><title>Scheduled: new look of the status page</title><content>Nothing to do.</content></entry>";
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <title>Okta status (simulated)</title>{items}{quiet}</feed>\n"
    );
    let mut reply = Reply::ok(Value::String(text));
    reply.headers.push(("content-type", "application/atom+xml; charset=utf-8".to_owned()));
    reply
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
