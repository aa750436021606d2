//! The feed of the simulated status page: RSS 2.0, without a token, as the real one.
//!
//! Never holds anything of the org. Begin with [`feed`].
use serde_json::Value;

use crate::sandbox::clock::http_time;
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
        let (title, at) = (escaped(title), http_time(incident.began));
        items = format!(
            "<item><title>{title}</title><link>http://127.0.0.1/incident</link><guid>incident-1</guid>\
             <pubDate>{at}</pubDate><description><![CDATA[<p>{update}</p>]]></description></item>"
        );
    }
    let quiet =
        "<item><title>Scheduled: new look of the status page</title><description>Nothing to do.</description></item>";
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>Okta status (simulated)</title>\
         <link>http://127.0.0.1/</link><description>Simulated</description>{items}{quiet}</channel></rss>\n"
    );
    let mut reply = Reply::ok(Value::String(text));
    reply.headers.push(("content-type", "application/rss+xml; charset=utf-8".to_owned()));
    reply
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
