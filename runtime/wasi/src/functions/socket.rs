//! Sockets: what was granted can be accepted from, read, written and shut down. Nothing can be made or connected.

use crate::call::{Call, Outcome, Refusal};
use crate::descriptor::{Descriptor, FileType, Kind, Socket, fdflags};
use crate::errno::Errno;
use crate::rights::Rights;
use crate::transfer::{self, Buffers};
use crate::wait::is_ready;
use rustix::event::PollFlags;
use rustix::fd::AsFd;
use rustix::io::Errno as HostErrno;
use rustix::net::{RecvFlags, Shutdown, SocketFlags};

pub(crate) fn sock_accept(call: &mut Call<'_>, fd: u32, flags: u32, accepted: u32) -> Outcome {
    let place = call.memory.place(accepted)?;
    let flags = u16::try_from(flags).ok().filter(|flags| flags & !fdflags::NONBLOCK == 0);
    let flags = flags.ok_or(Errno::Inval)?;
    let descriptor = call.ctx.table.get(fd)?;
    let socket = descriptor.socket(Rights::SOCK_ACCEPT)?;
    call.ctx.table.check_room()?;
    let host = socket.fd.as_fd();
    if descriptor.is_nonblocking() && !is_ready(host, PollFlags::IN) {
        return Err(Errno::Again.into());
    }
    let accepted = loop {
        // Somebody else may take the connection before us, so the host's call must not wait either.
        call.wait.until(host, PollFlags::IN)?;
        match rustix::net::accept_with(host, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            Err(HostErrno::INTR) => {}
            Err(HostErrno::AGAIN) if !descriptor.is_nonblocking() => {}
            accepted => break accepted?,
        }
    };
    let kind = Kind::Socket(Socket { fd: accepted, filetype: FileType::SocketStream });
    let descriptor =
        Descriptor { kind, base: Rights::SOCKET, inheriting: Rights::NONE, withheld: Rights::NONE, flags };
    let number = call.ctx.table.insert(descriptor)?;
    call.memory.fill(place, number.to_le_bytes());
    Ok(())
}

pub(crate) fn sock_recv(
    call: &mut Call<'_>,
    fd: u32,
    list: u32,
    count: u32,
    flags: u32,
    received: u32,
    out_flags: u32,
) -> Outcome {
    let received = call.memory.place(received)?;
    let out_flags = call.memory.place(out_flags)?;
    let buffers = Buffers::read(&call.memory, list, count, &call.ctx.limits)?;
    if flags & !3 != 0 {
        return Err(Errno::Inval.into());
    }
    let descriptor = call.ctx.table.get(fd)?;
    let socket = descriptor.socket(Rights::FD_READ)?;
    let peek = if flags & 1 != 0 { RecvFlags::PEEK } else { RecvFlags::empty() };
    let all = flags & 2 != 0 && flags & 1 == 0;
    let mut count = 0;
    loop {
        let rest = buffers.skip(count);
        let more = match transfer::receive(socket, descriptor, &mut call.memory, &rest, peek, &call.wait) {
            Ok(more) => more,
            Err(Refusal::Errno(_)) if count > 0 => break,
            Err(refusal) => return Err(refusal),
        };
        count += more;
        if !all || more == 0 || count == buffers.total() {
            break;
        }
    }
    call.memory.fill(received, u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    call.memory.fill(out_flags, 0_u16.to_le_bytes());
    Ok(())
}

pub(crate) fn sock_send(
    call: &mut Call<'_>,
    fd: u32,
    list: u32,
    count: u32,
    flags: u32,
    sent: u32,
) -> Outcome {
    let place = call.memory.place(sent)?;
    let buffers = Buffers::read(&call.memory, list, count, &call.ctx.limits)?;
    if flags != 0 {
        return Err(Errno::Inval.into());
    }
    let descriptor = call.ctx.table.get(fd)?;
    descriptor.socket(Rights::FD_WRITE)?;
    let count = transfer::write(descriptor, &call.memory, &buffers, None, &call.wait)?;
    call.memory.fill(place, u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    Ok(())
}

pub(crate) fn sock_shutdown(call: &mut Call<'_>, fd: u32, how: u32) -> Outcome {
    let socket = call.ctx.table.socket(fd, Rights::SOCK_SHUTDOWN)?;
    let how = match how {
        1 => Shutdown::Read,
        2 => Shutdown::Write,
        3 => Shutdown::Both,
        _ => return Err(Errno::Inval.into()),
    };
    Ok(rustix::net::shutdown(&socket.fd, how)?)
}
