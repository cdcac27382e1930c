//! A vault's life on a store that loses what was not synced, and in the hands of people who edit it.

mod change;
mod creation;
mod damage;
mod passphrase;
mod vectors;
