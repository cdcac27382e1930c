"""A person at a terminal, for tests: runs a program on a pty of its own and answers by a script.

Usage: typist.py SCRIPT.json PROGRAM ARGS... -- prints JSON: exit code or signal, what the terminal showed, whether it
echoes afterwards. Each step of the script is [TEXT TO WAIT FOR, WHAT TO DO, ARGUMENT]:
send (text), bounce (Enter twice under the next page, the second a moment later), signal (number), hangup (the terminal
goes away), run (a shell command, with the program's number as PID, then the text of the next step), resize (rows and
columns), turn (what the next page is turned with).
Pages are turned with Enter on the way. TYPIST_SIZE gives the first rows and columns.
"""
import fcntl, json, os, select, struct, subprocess, sys, termios, time

SECONDS = 60
PAGE = b"Enter: go on"


def main():
    steps = json.load(open(sys.argv[1]))
    master, slave = os.openpty()

    def resize(rows, columns):
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    resize(*map(int, os.environ.get("TYPIST_SIZE", "100 120").split()))
    child = os.fork()
    if child == 0:
        os.close(master)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for target in (0, 2):
            os.dup2(slave, target)
        out = os.open(os.environ["TYPIST_OUT"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(out, 1)
        os.execv(sys.argv[2], sys.argv[2:])
    shown, seen, turned = b"", 0, 0
    end = time.monotonic() + SECONDS

    def read(seconds):
        nonlocal shown
        ready, _, _ = select.select([master], [], [], seconds)
        if ready:
            try:
                shown += os.read(master, 65536)
            except OSError:
                return False
        return True

    hung, turn = False, b"\n"
    failed, done, status = None, 0, 0
    for text, action, argument in steps:
        while text.encode() not in shown[seen:]:
            done, status = os.waitpid(child, os.WNOHANG)
            if done or time.monotonic() > end:
                read(0.2)
                failed = "waited for %r" % text
                break
            read(0.05)
            if text.encode() in shown[seen:]:
                break
            page = shown.find(PAGE, turned)
            if page >= 0:
                turned = page + len(PAGE)
                os.write(master, turn)
                turn = b"\n"
        if failed:
            break
        seen = shown.index(text.encode(), seen) + len(text.encode())
        if action == "send":
            os.write(master, argument.encode())
        elif action == "bounce":
            while shown.find(PAGE, turned) < 0 and time.monotonic() < end:
                read(0.05)
            turned = shown.index(PAGE, turned) + len(PAGE)
            os.write(master, b"\n")
            # Long enough for the first to be read alone, and a tenth of the time in which the second counts for nothing.
            time.sleep(0.03)
            os.write(master, b"\n")
        elif action == "signal":
            os.kill(child, argument)
        elif action == "run":
            subprocess.run(argument, shell=True, check=True, env={**os.environ, "PID": str(child)})
        elif action == "turn":
            turn = argument.encode()
        elif action == "resize":
            resize(*argument)
        elif action == "hangup":
            os.close(slave)
            os.close(master)
            hung = True
    while not done:
        done, status = os.waitpid(child, os.WNOHANG)
        if not done and time.monotonic() > end:
            os.kill(child, 9)
            failed = failed or "the program does not end"
        if hung:
            time.sleep(0.02)
        else:
            read(0.02)
    echo = None
    if not hung:
        while read(0.05) and select.select([master], [], [], 0)[0]:
            pass
        echo = bool(termios.tcgetattr(slave)[3] & termios.ECHO)
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({"code": code, "shown": shown.decode(errors="replace"), "echo": echo, "failed": failed}))


main()
