//! Both loops at a simulated stage and before a simulated camera; what is shown is turned back into pictures and read.

mod bench;
mod layout;
mod seen;
mod shown;
mod single;
