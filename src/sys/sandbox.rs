//! What the process may ask of the kernel from now on: nothing that reaches another machine, process or program, and
//! only the folders that it is given.
//!
//! Floor 0. Neither can be taken back, and both hold for every thread that starts later.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The kernel refuses to confine this process.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// A step that it refuses.
    #[error("cannot confine this process ({step}): {source}")]
    Refused {
        /// What was tried.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// From here on the kernel kills this process at the call by which it would open a network connection, start or trace a program,
/// load code into the kernel, or change what is mounted. What is left of sockets is a pair between threads of this
/// process, which terminal libraries wake themselves with.
///
/// # Errors
/// The kernel knows no filters.
pub fn stay_alone() -> Result<(), ConfineError> {
    let program = filter();
    let length = libc::c_ushort::try_from(program.len()).unwrap_or(0);
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    // SAFETY: a flag of this process; no memory is involved.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return Err(refused("no new privileges"));
    }
    // SAFETY: the kernel copies the filter, which lives until then.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, WHOLE_PROCESS, &raw const program) };
    if answer == 0 { Ok(()) } else { Err(refused("system calls")) }
}

/// `SECCOMP_SET_MODE_FILTER` and `SECCOMP_FILTER_FLAG_TSYNC`.
const SET_MODE_FILTER: libc::c_uint = 1;
const WHOLE_PROCESS: libc::c_uint = 1;

/// Calls that end the process, whatever their arguments.
const DEADLY: &[libc::c_long] = &[
    // to other machines and processes
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendmmsg,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // other programs
    libc::SYS_execve,
    libc::SYS_execveat,
    // into the kernel; io_uring could open sockets behind this filter
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // what is mounted, and where
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_swapon,
    libc::SYS_open_by_handle_at,
    libc::SYS_reboot,
];

/// `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_AARCH64`: 64 bits, little-endian, and the machine's number of ELF.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// Calls by x32's numbers have this bit.
const X32: u32 = 0x4000_0000;

/// Where the kernel puts the call's number, its architecture and its arguments (`struct seccomp_data`); of an
/// argument the lower half, and the upper one behind it.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const fn argument(index: u32) -> u32 {
    16u32.saturating_add(index.saturating_mul(8))
}

fn filter() -> Vec<libc::sock_filter> {
    let socketpair = number(libc::SYS_socketpair);
    let sendto = number(libc::SYS_sendto);
    let local = u32::try_from(libc::AF_UNIX).unwrap_or(0);
    let mut program = vec![
        load(ARCH),
        jump(libc::BPF_JEQ, ARCHITECTURE, 1, 0),
        end(libc::SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
        jump(libc::BPF_JGE, X32, 0, 1),
        end(libc::SECCOMP_RET_KILL_PROCESS),
    ];
    for call in DEADLY {
        program.extend([jump(libc::BPF_JEQ, number(*call), 0, 1), end(libc::SECCOMP_RET_KILL_PROCESS)]);
    }
    // A pair of sockets of this machine alone; and no sending to an address.
    program.extend([
        jump(libc::BPF_JEQ, socketpair, 0, 4),
        load(argument(0)),
        jump(libc::BPF_JEQ, local, 0, 1),
        end(libc::SECCOMP_RET_ALLOW),
        end(libc::SECCOMP_RET_KILL_PROCESS),
        jump(libc::BPF_JEQ, sendto, 0, 6),
        load(argument(4)),
        jump(libc::BPF_JEQ, 0, 0, 3),
        load(argument(4).saturating_add(4)),
        jump(libc::BPF_JEQ, 0, 0, 1),
        end(libc::SECCOMP_RET_ALLOW),
        end(libc::SECCOMP_RET_KILL_PROCESS),
        end(libc::SECCOMP_RET_ALLOW),
    ]);
    program
}

fn number(call: libc::c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

fn load(place: u32) -> libc::sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, place, 0, 0)
}

fn jump(test: u32, with: u32, when: u8, else_by: u8) -> libc::sock_filter {
    statement(libc::BPF_JMP | test | libc::BPF_K, with, when, else_by)
}

fn end(answer: u32) -> libc::sock_filter {
    statement(libc::BPF_RET | libc::BPF_K, answer, 0, 0)
}

fn statement(code: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter { code: u16::try_from(code).unwrap_or(u16::MAX), jt, jf, k }
}

/// What may be done below a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Files are read, folders listed.
    Read,
    /// Files that are there are read and written: devices.
    Use,
    /// Files and folders are read, made, written and removed.
    Write,
}

/// From here on the process opens nothing but what lies below the `folders` (those that are there). What is open stays.
///
/// # Errors
/// The kernel has no Landlock.
///
/// # Source
/// landlock(7), its first version: what later ones add is not asked for, so that every kernel since 5.13 serves.
pub fn see_only(folders: &[(&Path, Reach)]) -> Result<(), ConfineError> {
    let ruleset = Ruleset { handled: EXECUTE | READ | LIST | WRITE | CHANGE };
    // SAFETY: the kernel reads one structure of the size that is said.
    let made =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, &raw const ruleset, size_of::<Ruleset>(), 0u32) };
    let Ok(rules @ 0..) = libc::c_int::try_from(made) else { return Err(refused("folders")) };
    for (folder, reach) in folders {
        let mut options = File::options();
        let Ok(place) = options.read(true).custom_flags(libc::O_PATH).open(folder) else { continue };
        let rights = match reach {
            Reach::Read => READ | LIST,
            Reach::Use => READ | LIST | WRITE,
            Reach::Write => READ | LIST | WRITE | CHANGE,
        };
        let folder_only = if place.metadata().is_ok_and(|info| info.is_dir()) { 0 } else { LIST | CHANGE };
        let below = Below { allowed: rights & !folder_only, parent: place.as_raw_fd() };
        // SAFETY: the kernel reads one structure; both descriptors are open.
        let answer = unsafe { libc::syscall(libc::SYS_landlock_add_rule, rules, PATH_BENEATH, &raw const below, 0u32) };
        if answer != 0 {
            return Err(refused("a folder"));
        }
    }
    // SAFETY: an open descriptor of a ruleset, which is closed once, here.
    let answer = unsafe {
        let answer = libc::syscall(libc::SYS_landlock_restrict_self, rules, 0u32);
        libc::close(rules);
        answer
    };
    if answer == 0 { Ok(()) } else { Err(refused("folders")) }
}

/// `struct landlock_ruleset_attr`, its first version.
#[repr(C)]
struct Ruleset {
    handled: u64,
}

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct Below {
    allowed: u64,
    parent: libc::c_int,
}

const PATH_BENEATH: libc::c_int = 1;
const EXECUTE: u64 = 1;
const WRITE: u64 = 1 << 1;
const READ: u64 = 1 << 2;
const LIST: u64 = 1 << 3;
/// Removing and making of folders and files of every kind: bits 4 to 12.
const CHANGE: u64 = 0x1ff0;

fn refused(step: &'static str) -> ConfineError {
    ConfineError::Refused { step, source: io::Error::last_os_error() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::again::{again, started};
    use crate::sys::{Secret, lock_state};
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;

    #[test]
    fn what_would_reach_out_kills_the_process() {
        for call in ["socket", "connect", "execve", "ptrace", "socketpair", "sendto", "io_uring_setup", "mount", "x32"]
        {
            let output =
                started("sys::sandbox::tests::what_would_reach_out_kills_the_process", call, Stdio::null(), |call| {
                    stay_alone().unwrap();
                    // SAFETY: calls that never come back, or fail on null pointers.
                    unsafe {
                        match call {
                            "socket" => libc::syscall(libc::SYS_socket, libc::AF_NETLINK, libc::SOCK_RAW, 0),
                            "connect" => libc::syscall(libc::SYS_connect, 0, 0, 0),
                            "execve" => libc::syscall(libc::SYS_execve, 0, 0, 0),
                            "ptrace" => libc::syscall(libc::SYS_ptrace, 0, 0, 0, 0),
                            "socketpair" => libc::syscall(libc::SYS_socketpair, libc::AF_INET, libc::SOCK_STREAM, 0, 0),
                            "sendto" => libc::syscall(libc::SYS_sendto, 0, 0, 0, 0, 1usize << 40, 16),
                            "io_uring_setup" => libc::syscall(libc::SYS_io_uring_setup, 1, 0),
                            "mount" => libc::syscall(libc::SYS_mount, 0, 0, 0, 0, 0),
                            _ => libc::syscall(libc::c_long::from(X32) | libc::SYS_getpid),
                        }
                    };
                });
            let Some(output) = output else { return };
            assert_eq!(output.status.signal(), Some(libc::SIGSYS), "{call}");
        }
    }

    #[test]
    fn a_process_that_stays_alone_works_on() {
        again("sys::sandbox::tests::a_process_that_stays_alone_works_on", &[], |_| {
            let kept = lock_state();
            stay_alone().unwrap();
            assert_eq!(Secret::take(&mut [7; 32]).unwrap().expose(), [7; 32]);
            assert_eq!(lock_state(), kept);
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("file"), b"x").unwrap();
            let worker = std::thread::spawn(|| std::fs::read("/proc/self/status").unwrap().len());
            assert!(worker.join().unwrap() > 0);
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).unwrap();
            let (mut one, mut other) = std::os::unix::net::UnixStream::pair().unwrap();
            io::Write::write_all(&mut one, b"ab").unwrap();
            let mut two = [0; 2];
            io::Read::read_exact(&mut other, &mut two).unwrap();
            // SAFETY: one byte of ours to an open socket, without an address.
            assert_eq!(unsafe { libc::send(one.as_raw_fd(), two.as_ptr().cast(), 1, 0) }, 1);
        });
    }

    #[test]
    fn only_the_given_folders_are_seen() {
        again("sys::sandbox::tests::only_the_given_folders_are_seen", &[], |_| {
            let folder = tempfile::tempdir().unwrap();
            let [read, used, written] = ["read", "used", "written"].map(|name| folder.path().join(name));
            for place in [&read, &used, &written] {
                std::fs::create_dir(place).unwrap();
                std::fs::write(place.join("file"), b"x").unwrap();
            }
            // Outside of all of them.
            let itself = std::env::current_exe().unwrap();
            File::open(&itself).unwrap();
            let none = folder.path().join("none");
            let folders = [
                (&*read, Reach::Read),
                (&*used, Reach::Use),
                (&*written, Reach::Write),
                (&*none, Reach::Write),
                (Path::new("/dev/null"), Reach::Use),
            ];
            if let Err(ConfineError::Refused { source, .. }) = see_only(&folders) {
                assert!(matches!(source.raw_os_error(), Some(libc::ENOSYS | libc::EOPNOTSUPP)), "{source}");
                assert!(std::env::var_os("CI").is_none(), "a kernel with Landlock is needed");
                eprintln!("SKIPPED: a kernel with Landlock is needed");
                return;
            }
            let may = |allowed: bool, done: io::Result<()>| {
                assert_eq!(
                    done.as_ref().err().map(io::Error::kind),
                    (!allowed).then_some(io::ErrorKind::PermissionDenied)
                );
            };
            for (place, change, write) in [(&read, false, false), (&used, false, true), (&written, true, true)] {
                may(true, std::fs::read(place.join("file")).map(drop));
                may(write, std::fs::write(place.join("file"), b"y"));
                may(change, std::fs::write(place.join("new"), b"y"));
                may(change, std::fs::remove_file(place.join("file")));
            }
            may(false, File::open(&itself).map(drop));
            may(false, std::fs::read_dir(folder.path()).map(drop));
            may(true, std::fs::write("/dev/null", b"x"));
        });
    }
}
