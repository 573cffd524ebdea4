//! Prepares a fresh connection to Asterisk, and looks at what it holds.

use crate::ari::{
    BridgeInfo, Broken, ChannelInfo, Client, DeviceInfo, EndpointInfo, FILTER, Incoming, Method,
    Request, escaped,
};
use crate::settings::Settings;
use crate::switch::{Found, FoundChannel};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tracing::warn;

/// Subscribes to what matters, makes the bridge for those who wait, and takes stock. Events that
/// come meanwhile go to `aside`; they may be older than what is found.
///
/// # Errors
/// When the connection breaks.
pub(crate) async fn take(
    client: &mut Client,
    settings: &Settings,
    aside: &mut Vec<Incoming>,
) -> Result<Found, Broken> {
    prepare(client, settings, aside).await?;
    let mut found = Found::default();
    let channels: Vec<ChannelInfo> = list(client, "channels", aside).await?;
    for info in channels {
        let mut memory = None;
        if let Some(name) = FoundChannel::variable(&info, &settings.login.app) {
            memory = variable(client, &info.id, name, aside).await?;
        }
        found.channels.push(FoundChannel { info, memory });
    }
    found.bridges = list::<BridgeInfo>(client, "bridges", aside).await?;
    for EndpointInfo { technology, resource } in list(client, "endpoints", aside).await? {
        let device = escaped(&format!("{technology}/{resource}"));
        let request = Request::new(Method::Get, format!("deviceStates/{device}"));
        let response = client.ask(&request, aside).await?;
        found.devices.extend(serde_json::from_value::<DeviceInfo>(response.body));
    }
    Ok(found)
}

async fn prepare(
    client: &mut Client,
    settings: &Settings,
    aside: &mut Vec<Incoming>,
) -> Result<(), Broken> {
    let app = format!("applications/{}", escaped(&settings.login.app));
    let allowed: Vec<Value> = FILTER.iter().map(|event| json!({ "type": event })).collect();
    let requests = [
        Request::new(Method::Put, format!("{app}/eventFilter")).body(json!({ "allowed": allowed })),
        Request::new(Method::Post, format!("bridges/{}", settings.hold_bridge()))
            .with("type", "holding"),
        Request::new(Method::Post, format!("{app}/subscription"))
            .with("eventSource", "deviceState:"),
    ];
    for request in requests {
        let response = client.ask(&request, aside).await?;
        match response.status {
            200..300 => {}
            403 => return Err(Broken::ReadOnly { user: settings.login.user.clone() }),
            // A former process has made the bridge.
            409 => {}
            status => warn!(status, why = response.why(), "Asterisk refuses {}", request.uri),
        }
    }
    client.hears(aside).await
}

async fn list<T: DeserializeOwned>(
    client: &mut Client,
    uri: &str,
    aside: &mut Vec<Incoming>,
) -> Result<Vec<T>, Broken> {
    let response = client.ask(&Request::new(Method::Get, uri), aside).await?;
    Ok(serde_json::from_value(response.body).unwrap_or_else(|error| {
        warn!(%error, status = response.status, "cannot read Asterisk's list of {uri}");
        Vec::new()
    }))
}

/// The value of a channel's variable; `None` if it has none, or the channel is gone.
async fn variable(
    client: &mut Client,
    channel: &str,
    variable: &str,
    aside: &mut Vec<Incoming>,
) -> Result<Option<String>, Broken> {
    let request = Request::new(Method::Get, format!("channels/{channel}/variable"));
    let response = client.ask(&request.with("variable", variable), aside).await?;
    Ok(response.body["value"].as_str().filter(|value| !value.is_empty()).map(str::to_owned))
}
