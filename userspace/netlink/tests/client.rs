// SPDX-License-Identifier: GPL-2.0

//! The client against a kernel made of a script: refusals, interrupted dumps, windows of
//! a batch, answers that make no sense.

#![cfg(feature = "socket")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use slr_netlink::transport::Transport;
use slr_netlink::uapi::{attr, cmd};
use slr_netlink::wire::{Value, Writer};
use slr_netlink::{Change, Client, Error, Object, Server, ServerKey, Verb};

const FAMILY: u16 = 30;
const CONTROLLER: u16 = 16;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const F_ACK: u16 = 4;
const F_DUMP: u16 = 0x300;
const F_INTERRUPTED: u16 = 0x10;
const F_CAPPED: u16 = 0x100;
const F_ACK_TLVS: u16 = 0x200;
const EPERM: i32 = 1;
const ENOENT: i32 = 2;

/// A request as the script sees it.
#[derive(Clone, Debug)]
struct Request {
    kind: u16,
    flags: u16,
    sequence: u32,
    command: u8,
}

fn message(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(((payload.len() + 16) as u32).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

impl Request {
    fn reply(&self, flags: u16, fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut w = Writer::default();
        fill(&mut w);
        let mut payload = vec![self.command, 1, 0, 0];
        payload.extend(w.finish());
        message(self.kind, flags, self.sequence, &payload)
    }

    fn result(&self, errno: i32, text: &str) -> Vec<u8> {
        let mut payload = (-errno).to_ne_bytes().to_vec();
        payload.extend([0; 16]);
        let mut w = Writer::default();
        text.to_owned().put(&mut w, 1);
        payload.extend(w.finish());
        message(ERROR, F_CAPPED | F_ACK_TLVS, self.sequence, &payload)
    }

    fn done(&self, flags: u16) -> Vec<u8> {
        message(DONE, flags, self.sequence, &0i32.to_ne_bytes())
    }
}

type Script = dyn FnMut(&Request) -> Vec<Vec<u8>>;

/// What the client did.
#[derive(Default)]
struct Log {
    sent: usize,
    requests: Vec<Request>,
}

struct Fake {
    queue: VecDeque<Vec<u8>>,
    log: Rc<RefCell<Log>>,
    script: Box<Script>,
}

impl Transport for Fake {
    fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.log.borrow_mut().sent += 1;
        while !bytes.is_empty() {
            let length = u32::from_ne_bytes(bytes[..4].try_into().unwrap()) as usize;
            let request = Request {
                kind: u16::from_ne_bytes(bytes[4..6].try_into().unwrap()),
                flags: u16::from_ne_bytes(bytes[6..8].try_into().unwrap()),
                sequence: u32::from_ne_bytes(bytes[8..12].try_into().unwrap()),
                command: bytes[16],
            };
            self.queue.extend((self.script)(&request));
            self.log.borrow_mut().requests.push(request);
            bytes = &bytes[length.next_multiple_of(4)..];
        }
        Ok(())
    }

    fn receive(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let datagram = self
            .queue
            .pop_front()
            .expect("the client waits for nothing");
        room[..datagram.len()].copy_from_slice(&datagram);
        Ok(datagram.len())
    }

    fn join(&mut self, group: u32) -> io::Result<()> {
        assert_eq!(group, 77);
        Ok(())
    }
}

/// The family is there; the rest is the script's.
fn client(
    mut script: impl FnMut(&Request) -> Vec<Vec<u8>> + 'static,
) -> (Client, Rc<RefCell<Log>>) {
    let log = Rc::new(RefCell::new(Log::default()));
    let fake = Fake {
        queue: VecDeque::new(),
        log: log.clone(),
        script: Box::new(move |request| match request.kind {
            CONTROLLER => vec![
                request.reply(0, |w| {
                    FAMILY.put(w, 1);
                    w.nest(7, |w| {
                        w.nest(1, |w| {
                            "config".to_owned().put(w, 1);
                            77u32.put(w, 2);
                        });
                    });
                }),
                request.result(0, ""),
            ],
            _ => script(request),
        }),
    };
    let client = Client::over(Box::new(fake)).unwrap();
    *log.borrow_mut() = Log::default();
    (client, log)
}

fn server(number: u32) -> Server {
    Server {
        key: ServerKey {
            customer: 0,
            address: std::net::Ipv4Addr::from(0x0a00_0000 + number).into(),
            port: 80,
        },
        ..Server::default()
    }
}

#[test]
fn no_module() {
    let fake = Fake {
        queue: VecDeque::new(),
        log: Rc::default(),
        script: Box::new(|request| vec![request.result(ENOENT, "")]),
    };
    let error = Client::over(Box::new(fake)).err().unwrap();
    assert!(matches!(error, Error::NotLoaded));
    assert!(error.to_string().contains("modprobe slr"));
}

#[test]
fn refusals() {
    let (mut client, _) = client(|request| match request.command {
        cmd::SERVER_NEW => vec![request.result(EPERM, "")],
        _ => vec![request.result(ENOENT, "slr: no such server")],
    });
    let object = Object::Server(server(1));
    let error = client.change(&Change::new(Verb::New, object.clone()));
    assert!(matches!(error, Err(Error::NotPermitted)));
    let error = client.change(&Change::new(Verb::Del, object)).unwrap_err();
    assert_eq!(error.errno(), Some(ENOENT));
    assert_eq!(error.to_string(), "no such server");
}

#[test]
fn a_reply_and_its_acknowledgement() {
    let (mut client, log) = client(|request| {
        // What is left of an earlier request is skipped.
        let stale = message(FAMILY, 0, request.sequence - 1, &[request.command, 1, 0, 0]);
        let reply = request.reply(0, |w| {
            5u32.put(w, attr::settings::FLOWS_MAX);
            9u64.put(w, attr::settings::GENERATION);
            1u32.put(w, 999);
        });
        vec![stale, [reply, request.result(0, "")].concat()]
    });
    let (settings, status) = client.settings().unwrap();
    assert_eq!(settings.flows_max, Some(5));
    assert_eq!(status.generation, Some(9));
    assert_eq!(log.borrow().requests[0].kind, FAMILY);
    client.subscribe("config").unwrap();
    assert!(client.subscribe("nothing").is_err());
}

#[test]
fn an_interrupted_dump_is_taken_again() {
    let mut attempt = 0;
    let (mut client, log) = client(move |request| {
        attempt += 1;
        let flag = |n| if attempt == n { F_INTERRUPTED } else { 0 };
        let one = |number, flags| request.reply(2 | flags, |w| server(number).put_key(w));
        vec![
            [one(1, 0), one(2, flag(1))].concat(),
            one(3, 0),
            request.done(2 | flag(2)),
        ]
    });
    let servers = client.servers().unwrap();
    let keys: Vec<_> = servers.iter().map(|(s, _)| s.key.to_string()).collect();
    assert_eq!(keys, ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]);
    assert_eq!(log.borrow().sent, 3);
    assert!(log
        .borrow()
        .requests
        .iter()
        .all(|r| r.flags & F_DUMP == F_DUMP));
}

#[test]
fn a_listing_is_in_order_of_the_keys() {
    let (mut client, _) = client(|request| {
        let one = |number| request.reply(2, |w| server(number).put_key(w));
        vec![[one(12), one(9)].concat(), one(100), request.done(2)]
    });
    let servers = client.servers().unwrap();
    let keys: Vec<_> = servers.iter().map(|(s, _)| s.key.to_string()).collect();
    assert_eq!(keys, ["10.0.0.9:80", "10.0.0.12:80", "10.0.0.100:80"]);
}

#[test]
fn a_dump_that_never_settles() {
    let (mut client, _) = client(|request| vec![request.done(2 | F_INTERRUPTED)]);
    assert!(matches!(client.servers(), Err(Error::Unsteady)));
}

#[test]
fn flows_are_not_taken_again() {
    let (mut client, log) = client(|request| {
        let flow = request.reply(2, |w| 6u8.put(w, attr::flow::PROTOCOL));
        vec![flow, request.done(2 | F_INTERRUPTED)]
    });
    let mut seen = 0;
    let torn = client.flows(&Default::default(), |_| {
        seen += 1;
        Ok(())
    });
    assert!(torn.unwrap());
    assert_eq!((seen, log.borrow().sent), (1, 1));
}

/// Answers as the kernel does: an acknowledgement only where asked for, a failure always.
fn batch_script(fails: &'static [u32]) -> impl FnMut(&Request) -> Vec<Vec<u8>> {
    let mut number = 0;
    move |request| match request.command {
        cmd::TXN_BEGIN => vec![
            request.reply(0, |w| 4u32.put(w, attr::transaction::ID)),
            request.result(0, ""),
        ],
        cmd::SERVER_NEW => {
            number += 1;
            if fails.contains(&(number - 1)) {
                vec![request.result(ENOENT, &format!("slr: number {}", number - 1))]
            } else if request.flags & F_ACK != 0 {
                vec![request.result(0, "")]
            } else {
                vec![]
            }
        }
        _ => vec![request.result(0, "")],
    }
}

fn changes(count: u32) -> Vec<Change> {
    let new = |number| Change::new(Verb::New, Object::Server(server(number)));
    (0..count).map(new).collect()
}

#[test]
fn a_batch_goes_out_in_windows() {
    let (mut client, log) = client(batch_script(&[]));
    let mut txn = client.begin(true).unwrap();
    assert!(txn.add(&changes(10_000)).unwrap().is_empty());
    txn.commit().unwrap();
    let log = log.borrow();
    let sent = |command| log.requests.iter().filter(|r| r.command == command).count();
    assert_eq!(sent(cmd::SERVER_NEW), 10_000);
    assert_eq!(sent(cmd::TXN_COMMIT), 1);
    assert_eq!(sent(cmd::TXN_ABORT), 0);
    assert!(log.sent < 20, "{} system calls", log.sent);
    let acks = log.requests.iter().filter(|r| r.flags & F_ACK != 0).count();
    assert!(acks < 20, "{acks} acknowledgements");
}

#[test]
fn a_batch_names_all_failures_of_a_window() {
    let (mut client, log) = client(batch_script(&[3, 700, 1023, 5000]));
    let mut txn = client.begin(false).unwrap();
    let failures = txn.add(&changes(10_000)).unwrap();
    drop(txn);
    let texts: Vec<_> = failures.iter().map(|(i, r)| format!("{i} {r}")).collect();
    assert_eq!(texts, ["3 number 3", "700 number 700", "1023 number 1023"]);
    let log = log.borrow();
    assert_eq!(log.requests.last().unwrap().command, cmd::TXN_ABORT);
}

#[test]
fn answers_that_make_no_sense() {
    for bytes in [
        vec![1, 2, 3],
        vec![0xff; 64],
        message(FAMILY, 0, 2, &[]),
        message(FAMILY, 0, 2, &[1, 1, 0, 0, 3, 0, 1, 0]),
        message(FAMILY, 0, 2, &[1, 1, 0, 0, 6, 0, 3, 0, 1, 2]),
        message(ERROR, 0, 2, &[]),
    ] {
        let mut answer = Some(bytes);
        let (mut client, _) =
            client(move |request| vec![answer.take().unwrap_or_default(), request.result(0, "")]);
        assert!(matches!(client.settings(), Err(Error::Decode(_))));
    }
}
