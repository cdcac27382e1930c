//! What names a secret can be printed.

use strongroom::secret::Master;

pub fn attempt(master: Master) {
    println!("{:?}", master.fingerprint());
}
