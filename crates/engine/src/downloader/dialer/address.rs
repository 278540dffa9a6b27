//! Which addresses are globally routable: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890), as
//! of 2026-11, and what hides an IPv4 address inside an IPv6 one. `IpAddr::is_global` of std is not stable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Not globally routable: address and length of the prefix.
const V4: [([u8; 4], u32); 17] = [
    ([0, 0, 0, 0], 8),          // this network
    ([10, 0, 0, 0], 8),         // private
    ([100, 64, 0, 0], 10),      // shared by carriers
    ([127, 0, 0, 0], 8),        // loopback
    ([169, 254, 0, 0], 16),     // link-local, metadata of clouds
    ([172, 16, 0, 0], 12),      // private
    ([192, 0, 0, 0], 24),       // protocol assignments, metadata of a cloud
    ([192, 0, 2, 0], 24),       // documentation
    ([192, 88, 99, 0], 24),     // 6to4 relays, withdrawn
    ([192, 168, 0, 0], 16),     // private
    ([198, 18, 0, 0], 15),      // benchmarks
    ([198, 51, 100, 0], 24),    // documentation
    ([203, 0, 113, 0], 24),     // documentation
    ([224, 0, 0, 0], 4),        // multicast
    ([240, 0, 0, 0], 4),        // reserved, broadcast
    ([168, 63, 129, 16], 32),   // the host of Azure's virtual machines, which is global by its number
    ([255, 255, 255, 255], 32), // broadcast
];

/// Not globally routable within `2000::/3`, outside of which nothing is.
const V6: [([u16; 8], u32); 4] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),           // protocol assignments, Teredo, ORCHID
    ([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),      // documentation
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),           // documentation
    ([0x2620, 0x004f, 0x8000, 0, 0, 0, 0, 0], 48), // AS112, which answers nothing
];

/// Whether the address is globally routable unicast, and an IPv4 address inside it is, too.
#[must_use]
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !V4.iter().any(|(prefix, length)| (bits ^ Ipv4Addr::from(*prefix).to_bits()).leading_zeros() >= *length)
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = embedded(address) {
        return is_global_v4(inner);
    }
    let bits = address.to_bits();
    let within = |prefix: &[u16; 8], length: u32| (bits ^ Ipv6Addr::from(*prefix).to_bits()).leading_zeros() >= length;
    within(&[0x2000, 0, 0, 0, 0, 0, 0, 0], 3) && !V6.iter().any(|(prefix, length)| within(prefix, *length))
}

/// The IPv4 address that an IPv6 address leads to: mapped and compatible (RFC 4291, section 2.5.5), NAT64 (RFC 6052),
/// 6to4 (RFC 3056), ISATAP (RFC 5214).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] => Some(low(a, b)),
        [0, 0, 0, 0, 0xffff, 0, a, b] => Some(low(a, b)),
        [0x2002, a, b, ..] => Some(low(a, b)),
        [_, _, _, _, 0 | 0x200, 0x5efe, a, b] => Some(low(a, b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s01_only_globally_routable_addresses_are_global() {
        for local in [
            "0.0.0.0",
            "127.0.0.1",
            "127.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "::7f00:1",
            "::ffff:0:127.0.0.1",
            "fd00:ec2::254",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2001:10::1",
            "3fff::1",
            "100::1",
            "5f00::1",
            "64:ff9b:1::1",
            "2001:470:1:2:0:5efe:7f00:1",
            "4000::1",
        ] {
            assert!(!is_global(local.parse().expect("an address")), "{local}");
        }
        for global in [
            "8.8.4.4",
            "1.1.1.1",
            "172.15.255.255",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "168.63.129.17",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "2001:4860:4860::8888",
        ] {
            assert!(is_global(global.parse().expect("an address")), "{global}");
        }
    }
}
