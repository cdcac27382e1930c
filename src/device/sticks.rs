//! The sticks as the appliance's first process mounts them, asked for through its two pipes.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use super::pipes::{self, ABSENT, ANSWER, ASK, KEEPER, LOCKED, MEDIA, Request, Stick};
use crate::{port::DeviceError, text::printable};

/// Whoever mounts the sticks.
#[derive(Debug, Clone)]
pub struct Sticks {
    pipes: PathBuf,
    media: PathBuf,
}

impl Sticks {
    /// Those of the appliance.
    #[must_use]
    pub fn of_the_appliance() -> Self {
        Self::kept_by(Path::new(KEEPER), Path::new(MEDIA))
    }

    /// Those that are asked for through the pipes in one folder, and mounted in folders of another.
    #[must_use]
    pub fn kept_by(pipes: &Path, media: &Path) -> Self {
        Self { pipes: pipes.to_owned(), media: media.to_owned() }
    }

    /// Where the files of a stick are.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        self.media.join(name)
    }

    /// The stick on which something lies, and where there.
    #[must_use]
    pub fn holding<'a>(&self, path: &'a Path) -> Option<(&'a str, &'a Path)> {
        let mut inside = path.strip_prefix(&self.media).ok()?.components();
        let name = inside.next()?.as_os_str().to_str()?;
        Some((name, inside.as_path()))
    }

    /// Whether this is the folder of a whole stick.
    #[must_use]
    pub fn is_whole(&self, path: &Path) -> bool {
        self.holding(path).is_some_and(|(_, inside)| inside.as_os_str().is_empty())
    }

    /// A text with the paths in it as people know them: from the stick's name on.
    #[must_use]
    pub fn told(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.media.display()), "")
    }

    /// Does something for which the stick that `path` lies on has to be writable: it is so for that long alone. What
    /// was written is durable afterwards.
    ///
    /// # Errors
    /// The stick is write-protected, broken or gone; the work's.
    pub fn writing<R>(&self, path: &Path, work: impl FnOnce() -> Result<R, DeviceError>) -> Result<R, DeviceError> {
        let Some((name, _)) = self.holding(path) else { return work() };
        self.writable(name)?;
        let done = work();
        let kept = self.written(name);
        let done = done?;
        kept.map(|()| done)
    }

    /// All that are plugged in.
    ///
    /// # Errors
    /// There is no first process to ask.
    pub fn list(&self) -> Result<Vec<Stick>, DeviceError> {
        Ok(self.ask(Request::List)?.iter().filter_map(|line| Stick::read(line)).collect())
    }

    /// Makes a stick writable, until [`Sticks::written`].
    ///
    /// # Errors
    /// It is write-protected, broken or gone.
    pub fn writable(&self, name: &str) -> Result<(), DeviceError> {
        self.ask(Request::Write(name)).map(drop)
    }

    /// What was written is durable, and the stick can only be read from here on.
    ///
    /// # Errors
    /// It is gone, or a file of it is open.
    pub fn written(&self, name: &str) -> Result<(), DeviceError> {
        self.ask(Request::Keep(name)).map(drop)
    }

    /// What was written is durable, and the stick may be removed.
    ///
    /// # Errors
    /// A file of it is open.
    pub fn leave(&self, name: &str) -> Result<(), DeviceError> {
        self.ask(Request::Leave(name)).map(drop)
    }

    /// What else is plugged in, in words.
    ///
    /// # Errors
    /// As [`Sticks::list`].
    pub fn plugs(&self) -> Result<Vec<String>, DeviceError> {
        self.ask(Request::Plugs)
    }

    /// People have seen what is plugged in, and go on: a keyboard that comes from here on stays closed.
    ///
    /// # Errors
    /// As [`Sticks::list`].
    pub fn settled(&self) -> Result<(), DeviceError> {
        self.ask(Request::Settled).map(drop)
    }

    /// What came after [`Sticks::settled`] and stays closed, in words.
    ///
    /// # Errors
    /// As [`Sticks::list`].
    pub fn shut_out(&self) -> Result<Vec<String>, DeviceError> {
        self.ask(Request::ShutOut)
    }

    /// How many media look like the one that the machine was started from: pulling any of them switches it off.
    #[must_use]
    pub fn boot_media(&self) -> usize {
        self.ask(Request::Boot).map_or(0, |lines| lines.len())
    }

    fn ask(&self, request: Request<'_>) -> Result<Vec<String>, DeviceError> {
        let failed = |source| {
            let name = printable(request.stick().unwrap_or("all"));
            DeviceError::File { action: "use the stick", name, source }
        };
        // A line of the answer may not become a line of another request.
        if request.stick().is_some_and(|name| name.contains(['\n', '\r'])) {
            return Err(failed(io::Error::from(io::ErrorKind::InvalidInput)));
        }
        let mut ask = OpenOptions::new().write(true).open(self.pipes.join(ASK)).map_err(failed)?;
        let answer = File::open(self.pipes.join(ANSWER)).map_err(failed)?;
        ask.write_all(format!("{request}\n").as_bytes()).map_err(failed)?;
        let mut lines = Vec::new();
        for line in BufReader::new(answer).lines() {
            let line = line.map_err(failed)?;
            match pipes::end(&line) {
                None => {}
                Some(Ok(())) => return Ok(lines),
                Some(Err(sentence)) => {
                    let kind = match sentence {
                        _ if sentence.ends_with(LOCKED) => io::ErrorKind::ReadOnlyFilesystem,
                        _ if sentence.ends_with(ABSENT) => io::ErrorKind::NotConnected,
                        _ => io::ErrorKind::Other,
                    };
                    return Err(failed(io::Error::new(kind, sentence.to_owned())));
                }
            }
            lines.push(line);
        }
        Err(failed(io::Error::from(io::ErrorKind::UnexpectedEof)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::StickState;
    use std::{io::Read, process::Command};

    /// Answers as many requests as there are answers, and gives them back.
    fn keeper(folder: &Path, answers: &'static [&'static str]) -> std::thread::JoinHandle<Vec<String>> {
        for pipe in ["ask", "answer"] {
            assert!(Command::new("mkfifo").arg(folder.join(pipe)).status().unwrap().success());
        }
        let open = |name: &str| OpenOptions::new().read(true).write(true).open(folder.join(name)).unwrap();
        let (mut ask, mut out) = (open("ask"), open("answer"));
        std::thread::spawn(move || {
            let mut requests = Vec::new();
            for answer in answers {
                let mut request = Vec::new();
                let mut byte = [0];
                while ask.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
                    request.extend(byte);
                }
                out.write_all(answer.as_bytes()).unwrap();
                requests.push(String::from_utf8(request).unwrap());
            }
            // Open until the other side has read.
            std::thread::sleep(std::time::Duration::from_millis(200));
            requests
        })
    }

    #[test]
    fn the_list_is_read_as_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let sticks = Sticks::kept_by(folder.path(), Path::new(MEDIA));
        assert!(sticks.list().is_err());
        const TOLD: &str =
            "vault\tvfat\t4000000\treadable\tMaker Model\nbob\text4\t9\tcannot read bob: broken\tM\nodd line\nok\n";
        let kept = keeper(folder.path(), &[TOLD]);
        let list = sticks.list().unwrap();
        assert_eq!(kept.join().unwrap(), ["list"]);
        assert_eq!(list.len(), 2);
        assert_eq!((&*list[0].name, &list[0].state), ("vault", &StickState::Readable));
        assert_eq!(sticks.folder("vault"), Path::new("/media/vault"));
        assert_eq!(list[1].state, StickState::Broken("cannot read bob: broken".to_owned()));
    }

    #[test]
    fn boot_media_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let sticks = Sticks::kept_by(folder.path(), Path::new(MEDIA));
        assert_eq!(sticks.boot_media(), 0);
        let kept = keeper(folder.path(), &["ok\n", "watched\nok\n", "watched\nwatched\nok\n", "no such request\n"]);
        assert_eq!([(); 4].map(|()| sticks.boot_media()), [0, 1, 2, 0]);
        assert_eq!(kept.join().unwrap(), ["boot"; 4]);
    }

    #[test]
    fn a_refusal_is_the_keepers_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let sticks = Sticks::kept_by(folder.path(), Path::new(MEDIA));
        let kept = keeper(folder.path(), &["no vault is write-protected\n"]);
        let said = sticks.writable("vault").unwrap_err().to_string();
        assert_eq!(said, "cannot use the stick `vault`: vault is write-protected");
        assert_eq!(kept.join().unwrap(), ["write vault"]);
        assert!(sticks.leave("a\nwrite b").is_err());
    }
    #[test]
    fn a_stick_is_writable_around_the_work_alone_whatever_comes_of_it() {
        for fails in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let kept = keeper(folder.path(), &["ok\n", "ok\n"]);
            let sticks = Sticks::kept_by(folder.path(), Path::new(MEDIA));
            let done = sticks.writing(Path::new("/media/vault/t.vault"), || {
                if fails { Err(DeviceError::NoTerminal) } else { Ok(7) }
            });
            assert_eq!(done.is_err(), fails);
            assert_eq!(kept.join().unwrap(), ["write vault", "keep vault"]);
        }
        // What lies on no stick needs nobody's leave; what cannot be made writable is not worked on.
        let sticks = Sticks::kept_by(Path::new("/nowhere"), Path::new(MEDIA));
        assert_eq!(sticks.writing(Path::new("/elsewhere/t.vault"), || Ok(7)).unwrap(), 7);
        assert!(sticks.writing(Path::new("/media/vault/t.vault"), || -> Result<(), _> { panic!("worked") }).is_err());
    }

    #[test]
    fn what_was_written_and_not_kept_is_no_success() {
        let folder = tempfile::tempdir().unwrap();
        let kept = keeper(folder.path(), &["ok\n", "no that stick is not plugged in\n"]);
        let sticks = Sticks::kept_by(folder.path(), Path::new(MEDIA));
        let said = sticks.writing(Path::new("/media/vault/file"), || Ok(())).unwrap_err().to_string();
        assert!(said.contains("not plugged in"), "{said}");
        assert_eq!(kept.join().unwrap().len(), 2);
    }

    #[test]
    fn people_see_paths_from_the_sticks_name_on() {
        let sticks = Sticks::kept_by(Path::new("/nowhere"), Path::new(MEDIA));
        assert_eq!(sticks.holding(Path::new("/media/a/b/c")), Some(("a", Path::new("b/c"))));
        for none in ["/media", "/media/", "/other/a", "media/a", "/"] {
            assert_eq!(sticks.holding(Path::new(none)), None, "{none}");
        }
        assert!(sticks.is_whole(&sticks.folder("a")) && !sticks.is_whole(Path::new("/media/a/b")));
        assert_eq!(sticks.told("cannot read `/media/a/b`"), "cannot read `a/b`");
    }
}
