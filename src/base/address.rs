//! Where a request comes from, and what is limited as one client.

use std::net::IpAddr;

use ipnet::IpNet;

/// The address of the client. A request that came by no socket has the loopback address: all such requests share one
/// limit, and none is without a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The networks that are limited, the widest first. Of IPv4 it is the address. Of IPv6 it is the /64, the least
    /// that a customer gets, and the /56 and /48 around it, so that the owner of a /48 (65,536 of the /64) counts as
    /// one client.
    pub fn networks(self) -> Vec<Network> {
        let lengths: &[(u8, u32)] = if self.0.is_ipv4() { &[(32, 100)] } else { &[(48, 200), (56, 150), (64, 100)] };
        let network = |(length, percent): &(u8, u32)| Network {
            net: IpNet::new_assert(self.0, *length).trunc(),
            percent: *percent,
        };
        lengths.iter().map(network).collect()
    }

    /// For the audit: enough to see a pattern, too little to find a person.
    pub fn coarse(self) -> IpNet {
        self.network_of(24, 64)
    }

    fn network_of(self, v4: u8, v6: u8) -> IpNet {
        let length = if self.0.is_ipv4() { v4 } else { v6 };
        IpNet::new_assert(self.0, length).trunc()
    }
}

/// A network that is limited as one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    pub net: IpNet,
    percent: u32,
}

impl Network {
    /// How many this network may do, when one address may do `of_one`.
    pub fn allowance(self, of_one: u32) -> u32 {
        let all = u64::from(of_one) * u64::from(self.percent);
        u32::try_from(all.div_ceil(100)).unwrap_or(u32::MAX)
    }
}
