//! Sockets: what is granted can be used, and nothing else becomes one.

use crate::guest::{BYTES, Guest, OUT, args, refused};
use crate::world::{SANDBOX, World, attempt, attempt_with};
use assay_wasi::{Errno, WasiCtxBuilder};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

fn receive(guest: &mut Guest, fd: u32, room: u32, flags: u32) -> Result<Vec<u8>, u32> {
    let (list, count) = guest.list(&[(BYTES, room)]);
    guest.call("sock_recv", args![fd, list, count, flags, OUT, OUT + 4])?;
    let count = guest.u32(OUT);
    Ok(guest.bytes(BYTES, count))
}

fn send(guest: &mut Guest, fd: u32, bytes: &[u8], flags: u32) -> Result<u32, u32> {
    guest.put(BYTES, bytes);
    let (list, count) = guest.list(&[(BYTES, bytes.len() as u32)]);
    guest.call("sock_send", args![fd, list, count, flags, OUT])?;
    Ok(guest.u32(OUT))
}

#[test]
fn a_listener_accepts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let grant = |_: &World| {
        let mut builder = WasiCtxBuilder::new();
        builder.preopened_socket(listener.try_clone().unwrap());
        builder
    };
    attempt_with("sock_accept, sock_recv, sock_send, sock_shutdown", grant, |guest, _| {
        assert_eq!(guest.call("fd_fdstat_set_flags", args![3_u32, 4_u32]), Ok(()));
        refused(guest.call("sock_accept", args![3_u32, 0_u32, OUT]), &[Errno::Again]);
        let mut peer = TcpStream::connect(address).unwrap();
        assert_eq!(guest.call("fd_fdstat_set_flags", args![3_u32, 0_u32]), Ok(()));
        refused(guest.call("sock_accept", args![3_u32, 0_u32, crate::guest::MEMORY]), &[Errno::Fault]);
        refused(guest.call("sock_accept", args![3_u32, 1_u32, OUT]), &[Errno::Inval]);
        assert_eq!(guest.call("sock_accept", args![3_u32, 0_u32, OUT]), Ok(()));
        let connection = guest.u32(OUT);
        assert_eq!(guest.fdstat(connection).map(|stat| stat.0), Ok(6));
        peer.write_all(b"question").unwrap();
        assert_eq!(receive(guest, connection, 4, 1), Ok(b"ques".to_vec()), "peek");
        assert_eq!(receive(guest, connection, 4, 0), Ok(b"ques".to_vec()));
        assert_eq!(guest.read(connection, 9), Ok(b"tion".to_vec()));
        refused(receive(guest, connection, 4, 4), &[Errno::Inval]);
        refused(send(guest, connection, b"x", 1), &[Errno::Inval]);
        assert_eq!(send(guest, connection, b"ans", 0), Ok(3));
        assert_eq!(guest.write(connection, "wer"), Ok(3));
        assert_eq!(guest.call("sock_shutdown", args![connection, 2_u32]), Ok(()));
        refused(guest.call("sock_shutdown", args![connection, 0_u32]), &[Errno::Inval]);
        let mut answer = String::new();
        peer.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "answer");
        refused(send(guest, connection, b"x", 0), &[Errno::Pipe]);
        refused(guest.read(3, 1), &[Errno::Notcapable]);
    });
}

#[test]
fn all_of_it_can_be_waited_for() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let grant = |_: &World| {
        let mut builder = WasiCtxBuilder::new();
        builder.preopened_socket(theirs.try_clone().unwrap());
        builder
    };
    attempt_with("sock_recv: wait for all", grant, |guest, _| {
        let mut writer = ours.try_clone().unwrap();
        let late = std::thread::spawn(move || {
            writer.write_all(b"first ").unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
            writer.write_all(b"second").unwrap();
        });
        assert_eq!(receive(guest, 3, 12, 2), Ok(b"first second".to_vec()));
        late.join().unwrap();
        refused(guest.call("sock_accept", args![3_u32, 0_u32, OUT]), &[Errno::Notcapable]);
    });
}

#[test]
fn what_is_no_socket_does_not_become_one() {
    attempt("sock functions on other descriptors", |guest, _| {
        let file = guest.open(SANDBOX, "file.txt", 0, crate::guest::FILE).unwrap();
        for (fd, errno) in
            [(file, Errno::Notsock), (SANDBOX, Errno::Notsock), (0, Errno::Notsock), (99, Errno::Badf)]
        {
            refused(guest.call("sock_accept", args![fd, 0_u32, OUT]), &[errno]);
            refused(receive(guest, fd, 1, 0), &[errno]);
            refused(send(guest, fd, b"x", 0), &[errno]);
            refused(guest.call("sock_shutdown", args![fd, 3_u32]), &[errno]);
        }
    });
}
