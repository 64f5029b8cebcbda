//! URLs (spec section 4.7).
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use proptest::prelude::*;
use sv2_wire::noise::{AuthorityPublicKey, AuthoritySecretKey, KeyTextError};
use sv2_wire::url::{Security, Sv2Url, UrlError};

const KEY: &str = "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh";

fn parse(text: &str) -> Result<Sv2Url, UrlError> {
    text.parse()
}

fn key() -> AuthorityPublicKey {
    KEY.parse().unwrap()
}

#[test]
fn url_of_the_specification() {
    let text = format!("stratum2+tcp://thepool.com:34254/{KEY}");
    let url = parse(&text).unwrap();
    assert_eq!((url.host().as_str(), url.port()), ("thepool.com", 34254));
    assert_eq!(url.security(), Security::Authority(key()));
    assert_eq!(url.address(), "thepool.com:34254");
    assert_eq!(url.to_string(), text);
}

#[test]
fn forms_without_a_key() {
    assert_eq!(parse("stratum2+tcp://127.0.0.1:1").unwrap().security(), Security::AnyCertificate);
    assert_eq!(parse("tcp://localhost:65535").unwrap().security(), Security::Plaintext);
    assert_eq!(parse("TCP://localhost:65535").unwrap().to_string(), "tcp://localhost:65535");
}

#[test]
fn ipv6_stands_in_brackets() {
    let url = parse(&format!("stratum2+tcp://[::1]:34254/{KEY}")).unwrap();
    assert_eq!((url.host().as_str(), url.address().as_str()), ("::1", "[::1]:34254"));
    assert_eq!(url.to_string(), format!("stratum2+tcp://[::1]:34254/{KEY}"));
    assert_eq!(parse("tcp://[0:0:0::1]:5").unwrap(), parse("tcp://[::1]:5").unwrap());
    assert_eq!(Sv2Url::new("::1", 5, Security::Plaintext), parse("tcp://[::1]:5"));
    assert_eq!(Sv2Url::new("[::1]", 5, Security::Plaintext), parse("tcp://[::1]:5"));
}

#[test]
fn scheme_is_judged() {
    assert_eq!(parse(""), Err(UrlError::MissingScheme));
    assert_eq!(parse("thepool.com:34254"), Err(UrlError::MissingScheme));
    let error = parse("stratum+tcp://thepool.com:3333").unwrap_err();
    assert_eq!(error, UrlError::UnknownScheme { scheme: "stratum+tcp".into() });
    let text = error.to_string();
    assert!(text.contains("stratum2+tcp://") && text.contains(" tcp://"), "{text}");
}

#[test]
fn host_is_judged() {
    for text in ["tcp://", "tcp://:34254", "tcp:///key"] {
        assert_eq!(parse(text), Err(UrlError::MissingHost), "{text}");
    }
    for (host, reason) in [
        ("[::1", "bracket"),
        ("[fe80::1%eth0]", "not an IPv6"),
        ("[127.0.0.1]", "not an IPv6"),
        ("::1", "brackets"),
        ("a b", "labels"),
        ("user@host", "labels"),
        ("a..b", "labels"),
        ("pööl.example", "labels"),
        ("127.0.0.256", "IPv4"),
        ("127.1", "IPv4"),
    ] {
        let Err(UrlError::Host { host: named, reason: why }) = parse(&format!("tcp://{host}:1")) else {
            panic!("{host} passed")
        };
        assert_eq!(named, host);
        assert!(why.contains(reason), "{host}: {why}");
    }
    assert!(matches!(parse(&format!("tcp://{}:1", "a.".repeat(130))), Err(UrlError::Host { .. })));
    assert!(matches!(parse(&format!("tcp://{}:1", "a".repeat(64))), Err(UrlError::Host { .. })));
    assert!(parse("tcp://a_b-c.example.:1").is_ok());
}

#[test]
fn port_is_judged() {
    for text in ["tcp://host", "tcp://host:", "tcp://host/key"] {
        assert_eq!(parse(text), Err(UrlError::MissingPort { host: "host".into() }), "{text}");
    }
    assert_eq!(parse("tcp://[::1]"), Err(UrlError::MissingPort { host: "[::1]".into() }));
    for port in ["0", "65536", "+80", "-1", "8o", "٣"] {
        assert_eq!(parse(&format!("tcp://host:{port}")), Err(UrlError::Port { port: port.into() }), "{port}");
    }
    assert_eq!(Sv2Url::new("host", 0, Security::Plaintext), Err(UrlError::Port { port: "0".into() }));
}

#[test]
fn key_is_judged_with_its_place() {
    let with = |key: &str| parse(&format!("stratum2+tcp://host:1/{key}"));
    assert_eq!(with(""), Err(UrlError::EmptyKey { position: 21 }));
    let reason = |reason| Err(UrlError::Key { position: 22, reason });
    assert_eq!(with(&KEY[1..]), reason(KeyTextError::Checksum));
    assert_eq!(with("9bX0"), reason(KeyTextError::Character { character: '0', position: 3 }));
    let secret = AuthoritySecretKey::from_bytes([1; 32]).unwrap().to_text();
    assert_eq!(with(&secret), reason(KeyTextError::Length { actual: 32, expected: 34 }));
    let other_version = base58ck::encode_check(&[[2, 0].as_slice(), &key().to_bytes()].concat());
    assert_eq!(with(&other_version), reason(KeyTextError::Version { actual: [2, 0] }));
}

#[test]
fn nothing_may_follow() {
    let trailing = |url: &str, tail: &str| {
        let expected = UrlError::Trailing { position: url.len(), text: tail.into() };
        assert_eq!(parse(&format!("{url}{tail}")), Err(expected), "{url}{tail}");
    };
    let full = format!("stratum2+tcp://host:1/{KEY}");
    for tail in ["/", "/x", "?a=b", "#f", " ", "\n"] {
        trailing(&full, tail);
    }
    trailing("tcp://host:1", "/");
    trailing("tcp://host:1", &format!("/{KEY}"));
    trailing("tcp://host:1", "?a");
    trailing("stratum2+tcp://host:1", "?a");
    assert_eq!(parse("tcp://host:1 "), Err(UrlError::Port { port: "1 ".into() }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn display_round_trips(
        host in prop_oneof![
            "[a-z][a-z0-9-]{0,20}(\\.[a-z][a-z0-9]{0,8}){0,3}",
            any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
            any::<std::net::Ipv6Addr>().prop_map(|address| address.to_string()),
        ],
        port in 1..=u16::MAX,
        form in 0..3_usize,
    ) {
        let security = [Security::Authority(key()), Security::AnyCertificate, Security::Plaintext][form];
        let url = Sv2Url::new(&host, port, security).unwrap();
        prop_assert_eq!(url.to_string().parse(), Ok(url));
    }

    #[test]
    fn any_text_is_judged_without_panic(text in "((stratum2\\+)?tcp://)?[\\[a1:.\\]/?#é ]{0,12}.{0,12}") {
        if let Ok(url) = parse(&text) {
            prop_assert_eq!(parse(&url.to_string()), Ok(url));
        }
    }
}
