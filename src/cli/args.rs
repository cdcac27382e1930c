//! What may be typed: commands, options, help with an example each. No defaults are decided here.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::{hatch::Export, network::Network, text::Name};

/// An offline signing appliance for Bitcoin: a quorum of custodians approves, one box signs.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The families of exit codes.
pub(super) const EXIT_CODES: &str = "Exit codes: 0 done, 1 refused by policy, rule or person, 2 bad input or usage, \
3 device, 4 integrity (tampering, corruption, failed self-check).";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play the whole round on a throwaway regtest vault: create, export, build, approve, sign, check
    #[command(after_help = "Example:\n  strongroom demo --dir /tmp/strongroom-demo")]
    Demo {
        /// Leave the files and QR pictures in this folder
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Create, show or check a vault
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Register, list or export wallets, and hand out extended public keys
    #[command(subcommand)]
    Wallet(WalletCommand),
    /// Addresses of a wallet, or which wallet an address belongs to
    #[command(after_help = "Examples:\n  strongroom address treasury.vault main --index 0..19\n  \
                            strongroom address treasury.vault --find bc1q…")]
    Address(AddressArgs),
    /// Show all facts and findings about a PSBT; nothing is signed, no secret is needed
    #[command(after_help = "Example:\n  strongroom review treasury.vault payment.psbt\n\n\
                            Exit code 1 where signing would be refused.")]
    Review {
        #[command(flatten)]
        vault: VaultArg,
        #[command(flatten)]
        psbt: PsbtArg,
        /// As JSON, in the schema of docs/review.md
        #[arg(long)]
        json: bool,
    },
    /// Review a PSBT, collect the ballots, sign, verify, and write the journal
    #[command(after_help = "Example:\n  strongroom sign treasury.vault payment.psbt -o payment.signed.psbt")]
    Sign(SignArgs),
    /// Decode a PSBT, join signatures of several signers, or finalise
    #[command(subcommand)]
    Psbt(PsbtCommand),
    /// A payload as QR codes, and back
    #[command(subcommand)]
    Qr(QrCommand),
    /// One custodian alone: prove that a share opens, or change its passphrase
    #[command(subcommand)]
    Share(ShareCommand),
    /// Read the policy out, try a PSBT against it, or put another one into force
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Guided screens for everything that custodians do: vaults, wallets, signing, passphrases, journal
    #[command(after_help = "Examples:\n  strongroom console\n  strongroom console treasury.vault")]
    Console {
        /// A vault's folder, or a folder in which vaults lie (else: this one)
        folder: Option<PathBuf>,
    },
    /// The chained record of what was done; no secret is needed
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Run the official test vectors that are built in, with a count a specification
    #[command(after_help = "Examples:\n  strongroom vectors\n  strongroom vectors vectors/")]
    Vectors {
        /// Read the vector files from this folder instead, with the cases of our rules
        dir: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a shell's completion script
    #[command(after_help = "Example:\n  strongroom completions bash > strongroom.bash")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    #[command(after_help = "Example:\n  strongroom man > strongroom.1")]
    Man,
}

/// The vault that a command works on.
#[derive(Debug, Args)]
pub(crate) struct VaultArg {
    /// The vault's folder
    #[arg(id = "vault", value_name = "VAULT")]
    pub(crate) path: PathBuf,
    /// Stop with exit code 4 unless the vault has these 12 words
    #[arg(long, value_name = "WORDS")]
    pub(crate) expect_id: Option<String>,
}

/// Where a PSBT is.
#[derive(Debug, Args)]
pub(crate) struct PsbtArg {
    /// The PSBT: a file (binary, base64, hex, or UR or BBQr text), or - for standard input
    #[arg(id = "psbt", value_name = "PSBT", required_unless_present_any = ["frames", "video", "camera"])]
    #[arg(conflicts_with_all = ["frames", "video", "camera"])]
    pub(crate) psbt: Option<PathBuf>,
    /// The PSBT as pictures of QR codes: a folder of PNG or JPEG files
    #[arg(long, value_name = "DIR", conflicts_with_all = ["video", "camera"])]
    pub(crate) frames: Option<PathBuf>,
    /// The PSBT as a film of QR codes: a Y4M file, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "camera")]
    pub(crate) video: Option<PathBuf>,
    /// The PSBT as QR codes before a camera: the only one, or the one of this device
    #[arg(long, value_name = "DEVICE", num_args = 0..=1)]
    pub(crate) camera: Option<Option<PathBuf>>,
}

/// How custodians vote.
#[derive(Debug, Args)]
pub(crate) struct QuorumArgs {
    /// Where a custodian's share file is (else: in the vault's folder, or beside it)
    #[arg(long = "share", value_name = "NAME=FILE", value_parser = named_path)]
    pub(crate) shares: Vec<(Name, PathBuf)>,
    /// A custodian's approval with the passphrase from a file; test networks only
    #[arg(long = "ballot", value_name = "NAME=FILE", value_parser = named_path)]
    pub(crate) ballots: Vec<(Name, PathBuf)>,
}

/// `vault …`
#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// The ceremony of creation: entropy, seed, custodians, shares, vault words
    #[command(
        after_help = "Example:\n  strongroom vault create treasury.vault --network mainnet --threshold 2 \\\n      \
                            --custodian alice --custodian bob --custodian carol"
    )]
    Create(CreateArgs),
    /// The vault's public statement in words
    #[command(after_help = "Example:\n  strongroom vault show treasury.vault")]
    Show {
        #[command(flatten)]
        vault: VaultArg,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Check every signature and digest, and print the vault words to compare
    #[command(after_help = "Example:\n  strongroom vault check treasury.vault")]
    Check {
        #[command(flatten)]
        vault: VaultArg,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// `vault create`
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The vault's folder, which must not exist yet
    pub(crate) vault: PathBuf,
    /// mainnet, testnet4, testnet, signet or regtest; asked for if not given
    #[arg(long)]
    pub(crate) network: Option<Network>,
    /// How many custodians approve each instruction (M); asked for if not given
    #[arg(long)]
    pub(crate) threshold: Option<u8>,
    /// A custodian's name (1 to 32 of a-z 0-9 - _), once for each; asked for if not given
    #[arg(long = "custodian", value_name = "NAME")]
    pub(crate) custodians: Vec<Name>,
    /// Words of the new seed
    #[arg(long, default_value_t = 24, value_parser = words)]
    pub(crate) words: u8,
    /// Take the seed from an existing BIP39 mnemonic, which is asked for; its fingerprint and first address are shown, and
    /// whether it is yours is asked (not where the mnemonic comes from standard input, on test networks)
    #[arg(long)]
    pub(crate) import_mnemonic: bool,
    /// The mnemonic as a QR code (SeedQR, compact or not) in a folder of PNG or JPEG pictures
    #[arg(long, value_name = "DIR", requires = "import_mnemonic", conflicts_with = "camera")]
    pub(crate) frames: Option<PathBuf>,
    /// The same code before a camera: the only one, or the one of this device
    #[arg(long, value_name = "DEVICE", num_args = 0..=1, requires = "import_mnemonic")]
    pub(crate) camera: Option<Option<PathBuf>>,
    /// The policy's file (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Put the shares into the vault's folder: the default on test networks, asked about on mainnet
    #[arg(long)]
    pub(crate) embed_shares: bool,
    /// Rolls of a die, 1 to 6; test networks only, else they are asked for
    #[arg(long, value_name = "ROLLS", conflicts_with = "coins")]
    pub(crate) dice: Option<String>,
    /// Flips of a coin, H or T; test networks only
    #[arg(long, value_name = "FLIPS")]
    pub(crate) coins: Option<String>,
    /// Where a custodian's share file goes (its name ends in .a.share); else, on mainnet, beside the vault's folder
    #[arg(long = "share", value_name = "NAME=FILE", value_parser = named_path)]
    pub(crate) shares: Vec<(Name, PathBuf)>,
    /// A custodian's passphrase from a file; test networks only
    #[arg(long = "passphrase", value_name = "NAME=FILE", value_parser = named_path)]
    pub(crate) passphrases: Vec<(Name, PathBuf)>,
    /// Seal a custodian's share to an age recipient instead of a passphrase
    #[arg(long = "recipient", value_name = "NAME=AGE1…", value_parser = named_text)]
    pub(crate) recipients: Vec<(Name, String)>,
}

/// `wallet …`
#[derive(Debug, Subcommand)]
pub(crate) enum WalletCommand {
    /// Register a wallet by quorum: single-key, or any descriptor with a key of this vault (multisig, miniscript, tr)
    #[command(after_help = "Examples:\n  strongroom wallet add treasury.vault main --script wpkh\n  \
                            strongroom wallet add treasury.vault shared --descriptor - < shared.txt")]
    #[command(group = clap::ArgGroup::new("what").required(true))]
    Add {
        #[command(flatten)]
        vault: VaultArg,
        /// The wallet's name
        name: Name,
        /// A single-key wallet at its BIP44/49/84/86 account
        #[arg(long, group = "what")]
        script: Option<Script>,
        /// The account's number
        #[arg(long, default_value_t = 0, conflicts_with = "descriptor", value_parser = clap::value_parser!(u32).range(0..0x8000_0000))]
        account: u32,
        /// A descriptor, or - to read it from standard input
        #[arg(long, group = "what")]
        descriptor: Option<String>,
        #[command(flatten)]
        quorum: QuorumArgs,
    },
    /// Hand out an extended public key with its origin, by quorum
    #[command(after_help = "Example:\n  strongroom wallet xpub treasury.vault --path m/48h/0h/0h/2h")]
    Xpub {
        #[command(flatten)]
        vault: VaultArg,
        /// The path, all steps hardened, at the network's coin type
        #[arg(long)]
        path: String,
        #[command(flatten)]
        quorum: QuorumArgs,
    },
    /// The wallets of the vault
    #[command(after_help = "Example:\n  strongroom wallet list treasury.vault")]
    List {
        #[command(flatten)]
        vault: VaultArg,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// A wallet's public description for a coordinator or a deposit service
    #[command(after_help = "Example:\n  strongroom wallet export treasury.vault main --format core")]
    Export {
        #[command(flatten)]
        vault: VaultArg,
        /// The wallet's name
        name: Name,
        /// The format
        #[arg(long, default_value = "descriptor")]
        format: Format,
        /// Show it as QR codes, as `qr show` does, in UR
        #[arg(long)]
        show: bool,
    },
}

/// Single-key script types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Script {
    /// BIP44
    Pkh,
    /// BIP49
    ShWpkh,
    /// BIP84
    Wpkh,
    /// BIP86
    Tr,
}

/// Export formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One line: BIP380 checksum, BIP389 multipath
    Descriptor,
    /// `importdescriptors` of Bitcoin Core, JSON
    Core,
    /// The generic JSON that coordinators read: all single-key accounts, or label and descriptor
    Generic,
    /// UR text of the account (crypto-account), for `qr show`: wallets of one key
    UrAccount,
    /// UR text of the descriptor (crypto-output), for `qr show`
    UrOutput,
    /// UR text of the vault's own key with its origin (crypto-hdkey), for `qr show`
    UrHdkey,
}

impl From<Format> for Export {
    fn from(format: Format) -> Self {
        match format {
            Format::Descriptor => Self::Descriptor,
            Format::Core => Self::Core,
            Format::Generic => Self::Generic,
            Format::UrAccount => Self::UrAccount,
            Format::UrOutput => Self::UrOutput,
            Format::UrHdkey => Self::UrHdkey,
        }
    }
}

/// `address`
#[derive(Debug, Args)]
pub(crate) struct AddressArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArg,
    /// The wallet's name
    #[arg(required_unless_present = "find", conflicts_with = "find")]
    pub(crate) name: Option<Name>,
    /// One index, or a range that includes both ends
    #[arg(long, value_name = "A..B", default_value = "0", value_parser = index_range, conflicts_with = "find")]
    pub(crate) index: (u32, u32),
    /// The change branch
    #[arg(long, conflicts_with = "find")]
    pub(crate) change: bool,
    /// The form of the listing
    #[arg(long, default_value = "text")]
    pub(crate) format: Listing,
    /// Which wallet, branch and index this address is
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) find: Option<String>,
}

/// Forms of an address listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    /// One address a line
    Text,
    /// `index,address` with a heading
    Csv,
    /// An array of objects
    Json,
}

/// `sign`
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArg,
    #[command(flatten)]
    pub(crate) psbt: PsbtArg,
    /// Where the signed PSBT goes (else: standard output)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// What is returned (else: trimmed as UR or BBQr, full in any other format)
    #[arg(long = "return")]
    pub(crate) form: Option<Form>,
    /// How it is written (else: as the PSBT came; base64 on a terminal)
    #[arg(long)]
    pub(crate) format: Option<PsbtFormat>,
    /// Show the answer as QR codes, as `qr show` does: UR, or BBQr where the PSBT came so or --format says so. With -o
    /// it is in a file too; without, the codes are all there is of it, and q asks before it leaves them
    #[arg(long)]
    pub(crate) show: bool,
    #[command(flatten)]
    pub(crate) quorum: QuorumArgs,
    /// Acknowledge a named warning for all custodians; test networks only
    #[arg(long = "acknowledge", value_name = "ID")]
    pub(crate) acknowledged: Vec<String>,
}

/// What is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// As received, signatures added
    Full,
    /// The unsigned transaction and signatures
    Trimmed,
}

/// Encodings of a PSBT that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PsbtFormat {
    /// Text
    Base64,
    /// Bytes
    Binary,
    /// One line of UR text, for `qr show`
    Ur,
    /// One line of BBQr text, for `qr show`
    Bbqr,
}

/// `qr …`
#[derive(Debug, Subcommand)]
pub(crate) enum QrCommand {
    /// Show a payload as QR codes on the whole screen, or write pictures, or the text of each code
    #[command(after_help = "Examples:\n  strongroom qr show payment.psbt\n  \
                            strongroom qr show payment.psbt --png frames\n  \
                            strongroom qr show payment.psbt --format bbqr --text\n\n\
                            While codes are shown, ? tells the keys.\n\
                            docs/qr.md says what to choose for which wallet.")]
    Show(ShowArgs),
    /// Read a payload with a camera, or from pictures or texts of QR codes
    #[command(after_help = "Examples:\n  strongroom qr read --camera -o payment.psbt\n  \
                            strongroom qr read --frames frames -o payment.psbt\n\n\
                            UR, BBQr, p1of3 pieces, base64, base43, hex and plain text.")]
    Read(ReadArgs),
}

/// `qr show`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("to").args(["png", "text"])))]
pub(crate) struct ShowArgs {
    /// The payload: a file, or - for standard input
    pub(crate) file: PathBuf,
    /// The format (else: that of the file, or UR)
    #[arg(long)]
    pub(crate) format: Option<QrFormat>,
    /// How much a code carries
    #[arg(long, default_value = "normal")]
    pub(crate) density: Density,
    /// Write a PNG picture of each part into this folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) png: Option<PathBuf>,
    /// Print the text of each part, one a line
    #[arg(long)]
    pub(crate) text: bool,
    /// Only these parts, as a receiver lists what it misses
    #[arg(long, value_name = "LIST", conflicts_with = "extra", requires = "to")]
    pub(crate) only: Option<String>,
    /// Mixed parts after the numbered ones: with any of them a receiver makes up for as many that it lost (UR)
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    #[arg(requires = "to")]
    pub(crate) extra: u32,
}

/// Formats of several codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QrFormat {
    /// UR, with mixed parts
    Ur,
    /// BBQr, packed where that wins
    Bbqr,
}

/// How much a code carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Density {
    /// Codes of version 15, which every wallet's camera reads
    Compatible,
    /// Version 20
    Normal,
    /// Version 27, for cameras of 1280 by 720 and more
    Fast,
}

/// `qr read`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("from").required(true).args(["camera", "frames", "video", "text"])))]
pub(crate) struct ReadArgs {
    /// A camera before which the codes are shown: the only one, or the one of this device
    #[arg(long, value_name = "DEVICE", num_args = 0..=1)]
    pub(crate) camera: Option<Option<PathBuf>>,
    /// A folder of PNG or JPEG pictures, in any order
    #[arg(long, value_name = "DIR")]
    pub(crate) frames: Option<PathBuf>,
    /// A film (Y4M): a file, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) video: Option<PathBuf>,
    /// Texts of codes as a scanner types them, one a line: a file, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Option<PathBuf>,
    /// Where the payload goes, byte for byte (else: standard output, as text)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `psbt …`
#[derive(Debug, Subcommand)]
pub(crate) enum PsbtCommand {
    /// Decode a PSBT, every field of it
    #[command(after_help = "Example:\n  strongroom psbt show payment.psbt")]
    Show {
        #[command(flatten)]
        psbt: PsbtArg,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Join the signatures of several signers: each verified, conflicts refused
    #[command(after_help = "Example:\n  strongroom psbt join a.psbt b.psbt -o joined.psbt")]
    Join {
        /// The PSBTs, of one transaction
        #[arg(required = true, num_args = 1..)]
        psbts: Vec<PathBuf>,
        /// One more, as QR codes before a camera: the only one, or the one of this device
        #[arg(long, value_name = "DEVICE", num_args = 0..=1)]
        camera: Option<Option<PathBuf>>,
        /// One more, as pictures of QR codes: a folder of PNG or JPEG files
        #[arg(long, value_name = "DIR", conflicts_with = "camera")]
        frames: Option<PathBuf>,
        /// Where the result goes (else: standard output)
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// How it is written (else: as the first came; base64 on a terminal)
        #[arg(long)]
        format: Option<PsbtFormat>,
    },
    /// Make the network transaction of a complete PSBT
    #[command(after_help = "Example:\n  strongroom psbt finalize joined.psbt -o payment.tx")]
    Finalize {
        #[command(flatten)]
        psbt: PsbtArg,
        /// Where the transaction goes, in hex (else: standard output)
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Give the finalised PSBT instead of the transaction
        #[arg(long)]
        psbt_only: bool,
    },
}

/// `share …`
#[derive(Debug, Subcommand)]
pub(crate) enum ShareCommand {
    /// Prove that a share opens and belongs to this vault; nothing is combined
    #[command(after_help = "Example:\n  strongroom share drill treasury.vault alice")]
    Drill(ShareArgs),
    /// Change a share's passphrase; the vault's statement stays
    #[command(after_help = "Example:\n  strongroom share passphrase treasury.vault alice")]
    Passphrase {
        #[command(flatten)]
        share: ShareArgs,
        /// The new passphrase from a file; test networks only
        #[arg(long = "new-passphrase", value_name = "FILE")]
        new_passphrase: Option<PathBuf>,
    },
}

/// A custodian's share.
#[derive(Debug, Args)]
pub(crate) struct ShareArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArg,
    /// The custodian
    pub(crate) name: Name,
    /// Where the share file is (else: in the vault's folder, or beside it)
    #[arg(long = "share", value_name = "[NAME=]FILE", value_parser = maybe_named_path)]
    pub(crate) share: Option<(Option<Name>, PathBuf)>,
    /// The passphrase from a file; test networks only
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase: Option<PathBuf>,
    /// The age identity of a share that is sealed to a recipient; test networks only
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
}

/// `policy …`
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// The policy in sentences
    #[command(after_help = "Example:\n  strongroom policy show treasury.vault")]
    Show {
        #[command(flatten)]
        vault: VaultArg,
        /// As JSON, with the exact text
        #[arg(long)]
        json: bool,
    },
    /// Which rule decides on a PSBT, and how many approvals it needs; nothing is signed
    #[command(after_help = "Example:\n  strongroom policy test treasury.vault payment.psbt\n\n\
                            Exit code 1 where signing would be refused.")]
    Test {
        #[command(flatten)]
        vault: VaultArg,
        #[command(flatten)]
        psbt: PsbtArg,
        /// Try this policy's file instead of the policy in force
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Put another policy into force, by quorum
    #[command(after_help = "Example:\n  strongroom policy set treasury.vault policy.toml")]
    Set {
        #[command(flatten)]
        vault: VaultArg,
        /// The policy's file (TOML)
        policy: PathBuf,
        #[command(flatten)]
        quorum: QuorumArgs,
    },
}

/// `journal …`
#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// The lines in words
    #[command(after_help = "Example:\n  strongroom journal show treasury.vault")]
    Show {
        #[command(flatten)]
        vault: VaultArg,
        /// The lines as they stand in the file
        #[arg(long)]
        json: bool,
    },
    /// Check the chain and the signatures; name the first bad line
    #[command(after_help = "Example:\n  strongroom journal verify treasury.vault")]
    Verify {
        #[command(flatten)]
        vault: VaultArg,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The head to keep and to compare at the next ceremony
    #[command(after_help = "Example:\n  strongroom journal head treasury.vault")]
    Head {
        #[command(flatten)]
        vault: VaultArg,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// A path, with or without the custodian's name before it.
fn maybe_named_path(text: &str) -> Result<(Option<Name>, PathBuf), String> {
    let name = text.split_once('=').and_then(|(name, rest)| Some((name.parse::<Name>().ok()?, rest)));
    match name {
        Some((_, "")) => Err("nothing after the =".into()),
        Some((name, path)) => Ok((Some(name), PathBuf::from(path))),
        None => Ok((None, PathBuf::from(text))),
    }
}

fn named_path(text: &str) -> Result<(Name, PathBuf), String> {
    let (name, path) = named_text(text)?;
    Ok((name, PathBuf::from(path)))
}

fn named_text(text: &str) -> Result<(Name, String), String> {
    let (name, rest) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    if rest.is_empty() {
        return Err("nothing after the =".into());
    }
    Ok((name.parse().map_err(|e: crate::text::NameError| e.to_string())?, rest.to_owned()))
}

fn words(text: &str) -> Result<u8, String> {
    match text {
        "12" => Ok(12),
        "24" => Ok(24),
        _ => Err("12 or 24 words".into()),
    }
}

fn index_range(text: &str) -> Result<(u32, u32), String> {
    let index = |text: &str| {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|&index| plain && index < 1 << 31)
    };
    let ends = match text.split_once("..") {
        None => index(text).map(|one| (one, one)),
        Some((first, last)) => index(first).zip(index(last.strip_prefix('=').unwrap_or(last))),
    };
    let (first, last) = ends.ok_or("an index below 2147483648, or a range such as 0..19")?;
    if last < first {
        return Err(format!("the range {first}..{last} runs backwards"));
    }
    if last.saturating_sub(first) >= crate::limits::ADDRESSES {
        return Err(format!("at most {} addresses at once", crate::limits::ADDRESSES));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_share_of_one_custodian_may_have_the_name_before_it() {
        let bob: Name = "bob".parse().unwrap();
        assert_eq!(maybe_named_path("bob=a/b.1.a.share"), Ok((Some(bob), "a/b.1.a.share".into())));
        assert_eq!(maybe_named_path("a/b.1.a.share"), Ok((None, "a/b.1.a.share".into())));
        assert_eq!(maybe_named_path("./odd=name.a.share"), Ok((None, "./odd=name.a.share".into())));
        assert!(maybe_named_path("bob=").is_err());
    }

    #[test]
    fn ranges_include_both_ends_and_do_not_run_backwards() {
        assert_eq!(index_range("7"), Ok((7, 7)));
        assert_eq!(index_range("0..19"), Ok((0, 19)));
        for bad in ["", "-1", "+1", "1..", "..1", "5..4", "2147483648", "0..1000000", "a..b", "1..2..3"] {
            assert!(index_range(bad).is_err(), "{bad}");
        }
    }
}
