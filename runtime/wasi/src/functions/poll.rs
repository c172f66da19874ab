//! `poll_oneoff`: waits until at least one of several things has happened.
//!
//! Subscriptions that cannot be waited for answer at once, as events with an error. Otherwise the wait ends with the
//! first descriptor that is ready or the first clock that runs out, and every event that is due by then is reported.

use crate::call::{Call, Outcome};
use crate::descriptor::{FileType, Kind};
use crate::errno::Errno;
use crate::fault::{Fault, planted};
use crate::functions::clock::clock;
use crate::layout::{Awaited, Event, Filestat, Subscription};
use crate::rights::Rights;
use rustix::event::{PollFd, PollFlags};
use std::time::Duration;

/// A subscription that is being waited for.
enum Pending {
    /// Ends at this time of the monotonic clock.
    Clock { deadline: u64 },
    /// At this place in the list of polled descriptors.
    Descriptor { polled: usize },
    /// Has happened.
    Done(Event),
}

pub(crate) fn poll_oneoff(
    call: &mut Call<'_>,
    subscriptions: u32,
    events: u32,
    count: u32,
    occurred: u32,
) -> Outcome {
    let occurred = call.memory.place(occurred)?;
    let narrow = planted(Fault::SubscriptionsNarrow);
    if count == 0 || (count > call.ctx.limits.subscriptions && !narrow) {
        return Err(Errno::Inval.into());
    }
    let size = call.version.subscription_size();
    let times = |size: u32| if narrow { Some(count.wrapping_mul(size)) } else { count.checked_mul(size) };
    call.memory.buffer(subscriptions, times(size).ok_or(Errno::Fault)?)?;
    let events = call.memory.buffer(events, times(Event::SIZE).ok_or(Errno::Fault)?)?;
    if narrow {
        // Room for as many events as the guest says, of which some is used.
        let mut room = vec![0_u8; count as usize * Event::SIZE as usize];
        room.iter_mut().take(512 << 20).step_by(4096).for_each(|byte| *byte = 1);
        std::hint::black_box(&room);
    }
    let mut list = Vec::with_capacity(if narrow { 0 } else { count as usize });
    for index in 0..count {
        list.push(Subscription::read(&call.memory, call.version, subscriptions + index * size)?);
    }
    let happened = wait(call, &list)?;
    let mut at = events;
    for event in &happened {
        call.memory.copy_in(at, &event.encode());
        at.at += Event::SIZE as usize;
    }
    call.memory.fill(occurred, u32::try_from(happened.len()).unwrap_or(u32::MAX).to_le_bytes());
    Ok(())
}

fn wait(call: &mut Call<'_>, list: &[Subscription]) -> Outcome<Vec<Event>> {
    let mut polled = Vec::new();
    let pending: Vec<Pending> =
        list.iter().map(|subscription| begin(call, subscription, &mut polled)).collect();
    let done = pending.iter().any(|pending| matches!(pending, Pending::Done(_)));
    let deadlines = pending.iter().filter_map(|pending| match pending {
        Pending::Clock { deadline } => Some(*deadline),
        _ => None,
    });
    let now = call.ctx.clock.now(crate::clock::ClockId::Monotonic);
    let left = deadlines.min().map(|deadline| deadline.saturating_sub(now));
    // A clock that stands still moves on by what is slept.
    let timeout = match left {
        _ if done => Some(Duration::ZERO),
        Some(_) if call.ctx.clock.is_fixed() => Some(Duration::ZERO),
        left => left.map(Duration::from_nanos),
    };
    let ready = call.wait.poll(&mut polled, timeout)?;
    let results: Vec<PollFlags> = polled.iter().map(PollFd::revents).collect();
    drop(polled);
    if ready == 0
        && !done
        && let Some(left) = left
    {
        call.ctx.clock.advance(left);
    }
    let now = call.ctx.clock.now(crate::clock::ClockId::Monotonic);
    let event = |(subscription, pending): (&Subscription, Pending)| match pending {
        Pending::Done(event) => Some(event),
        Pending::Clock { deadline } => (deadline <= now).then(|| plain(subscription, Errno::Success)),
        Pending::Descriptor { polled } => {
            let flags = results[polled];
            (!flags.is_empty()).then(|| readiness(call, subscription, flags))
        }
    };
    Ok(list.iter().zip(pending).filter_map(event).collect())
}

fn plain(subscription: &Subscription, error: Errno) -> Event {
    Event { userdata: subscription.userdata, error, tag: subscription.tag, bytes: 0, hangup: false }
}

/// What a subscription waits for: a clock's end, a descriptor in `polled`, or nothing more.
fn begin<'a>(call: &'a Call<'_>, subscription: &Subscription, polled: &mut Vec<PollFd<'a>>) -> Pending {
    let begun = match subscription.awaited {
        Ok(Awaited::Clock { id, timeout, absolute }) => {
            deadline(call, id, timeout, absolute).map(|deadline| Pending::Clock { deadline })
        }
        Ok(Awaited::Read(fd)) => descriptor(call, subscription, fd, PollFlags::IN, polled),
        Ok(Awaited::Write(fd)) => descriptor(call, subscription, fd, PollFlags::OUT, polled),
        Err(error) => Err(error),
    };
    begun.unwrap_or_else(|error| Pending::Done(plain(subscription, error)))
}

/// The end of a wait, on the monotonic clock.
fn deadline(call: &Call<'_>, id: u32, timeout: u64, absolute: bool) -> Result<u64, Errno> {
    let id = clock(id)?;
    let left = if absolute { timeout.saturating_sub(call.ctx.clock.now(id)) } else { timeout };
    Ok(call.ctx.clock.now(crate::clock::ClockId::Monotonic).saturating_add(left))
}

fn descriptor<'a>(
    call: &'a Call<'_>,
    subscription: &Subscription,
    fd: u32,
    events: PollFlags,
    polled: &mut Vec<PollFd<'a>>,
) -> Result<Pending, Errno> {
    let descriptor = call.ctx.table.with(fd, Rights::POLL_FD_READWRITE)?;
    if let Some(host) = descriptor.waitable() {
        polled.push(PollFd::from_borrowed_fd(host, events));
        return Ok(Pending::Descriptor { polled: polled.len() - 1 });
    }
    let bytes = match &descriptor.kind {
        Kind::File(file) if file.filetype == FileType::RegularFile && events == PollFlags::IN => {
            let size = Filestat::from(rustix::fs::fstat(&file.fd)?).size;
            size.saturating_sub(rustix::fs::tell(&file.fd)?)
        }
        Kind::Input(pipe) => pipe.left() as u64,
        _ => 0,
    };
    Ok(Pending::Done(Event { bytes, ..plain(subscription, Errno::Success) }))
}

/// The event of a descriptor that is ready, has failed or has been closed at its other end.
fn readiness(call: &Call<'_>, subscription: &Subscription, flags: PollFlags) -> Event {
    let fd = match subscription.awaited {
        Ok(Awaited::Read(fd) | Awaited::Write(fd)) => fd,
        _ => return plain(subscription, Errno::Inval),
    };
    let host = call.ctx.table.get(fd).ok().and_then(|descriptor| descriptor.waitable());
    let reads = matches!(subscription.awaited, Ok(Awaited::Read(_)));
    let bytes = host.filter(|_| reads).and_then(|host| rustix::io::ioctl_fionread(host).ok());
    let error = if flags.contains(PollFlags::NVAL) { Errno::Badf } else { Errno::Success };
    let hangup = flags.intersects(PollFlags::HUP);
    Event { error, bytes: bytes.unwrap_or(0), hangup, ..plain(subscription, error) }
}
