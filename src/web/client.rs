//! Where a request comes from. Anybody can write anything into `X-Forwarded-For`, so only the hops that our own proxies
//! have added count: the client is the right-most hop that is not one of `TRUSTED_PROXIES`.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, HeaderName, request::Parts},
};
use ipnet::IpNet;

use crate::{base::address::ClientAddress, platform::app::App};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get().map(|ConnectInfo(address): &ConnectInfo<SocketAddr>| address.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).to_canonical();
        Ok(Self(origin(peer, &parts.headers, &app.config.trusted_proxies)))
    }
}

/// Goes from the socket towards the client, as long as the hop is a proxy that we trust to name the next one.
fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut hops = lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    let mut origin = peer;
    while is_trusted(origin) {
        // Text that is no address ends the search: a proxy of ours would not have written it.
        let Some(next) = hops.next().and_then(address) else { break };
        origin = next;
    }
    origin
}

/// Some proxies add the port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let with_port = || hop.parse::<SocketAddr>().map(|address| address.ip()).ok();
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().map(IpAddr::V6).ok();
    hop.parse::<IpAddr>().ok().or_else(with_port).or_else(in_brackets).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::address::Network;

    fn from(peer: &str, lines: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let networks = ClientAddress(origin(peer.parse().unwrap(), &headers, &trusted)).networks();
        networks.last().unwrap().net.to_string()
    }

    #[test]
    fn a_header_of_a_stranger_is_not_read() {
        assert_eq!(from("203.0.113.7", &["1.2.3.4"]), "203.0.113.7/32");
        assert_eq!(from("203.0.113.7", &[]), "203.0.113.7/32");
    }

    #[test]
    fn behind_our_proxies_the_right_most_other_hop_counts() {
        assert_eq!(from("10.0.0.1", &["1.2.3.4, 198.51.100.9"]), "198.51.100.9/32");
        assert_eq!(from("10.0.0.1", &["1.2.3.4, 198.51.100.9, 10.0.0.2"]), "198.51.100.9/32");
        assert_eq!(from("10.0.0.1", &["1.2.3.4", "198.51.100.9,10.0.0.2"]), "198.51.100.9/32");
        assert_eq!(from("10.0.0.1", &["198.51.100.9:4711"]), "198.51.100.9/32");
        assert_eq!(from("fd00::1", &["[2001:db8:1:2:3:4:5:6]:80"]), "2001:db8:1:2::/64");
    }

    #[test]
    fn what_is_missing_or_no_address_leaves_the_last_hop_that_we_know() {
        for lines in [&[][..], &[""], &["unknown"], &["198.51.100.9, unknown"], &["10.0.0.1"]] {
            assert_eq!(from("10.0.0.1", lines), "10.0.0.1/32", "{lines:?}");
        }
    }

    #[test]
    fn the_networks_around_an_address_of_ipv6_may_do_more_but_not_for_each_address_in_them() {
        let of = |text: &str| ClientAddress(text.parse().unwrap()).networks();
        let shown = |network: &Network| (network.net.to_string(), network.allowance(10), network.allowance(1));
        let all: Vec<_> = of("2001:db8:1:2345:3:4:5:6").iter().map(shown).collect();
        let expected = [("2001:db8:1::/48", 20, 2), ("2001:db8:1:2300::/56", 15, 2), ("2001:db8:1:2345::/64", 10, 1)];
        assert_eq!(all, expected.map(|(net, ten, one)| (net.to_owned(), ten, one)));
        assert_eq!(of("198.51.100.9").iter().map(shown).collect::<Vec<_>>(), [("198.51.100.9/32".to_owned(), 10, 1)]);
        assert_eq!(of("2001:db8::")[0].allowance(u32::MAX), u32::MAX);
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_the_audit_sees_less() {
        assert_eq!(from("2001:db8::1", &[]), from("2001:db8::ffff:2", &[]));
        assert_eq!(from("10.0.0.1", &["::ffff:198.51.100.9"]), "198.51.100.9/32");
        let coarse = |text: &str| ClientAddress(text.parse().unwrap()).coarse().to_string();
        assert_eq!(coarse("198.51.100.9"), "198.51.100.0/24");
        assert_eq!(coarse("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }
}
