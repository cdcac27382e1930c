//! A regtest chain inside Bitcoin Core's own validation engine, with a miner beside it.

use std::sync::Arc;

use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode, TxOut,
    Witness, absolute::LockTime, block, consensus::encode::serialize, constants::genesis_block, hashes::Hash,
    transaction,
};
use bitcoinkernel::{ChainType, ChainstateManager, Context, ContextBuilder};

/// The chain: Core's engine over a folder of its own, and the tip that the miner builds on.
pub struct Chain {
    engine: ChainstateManager,
    _context: Arc<Context>,
    _folder: tempfile::TempDir,
    tip: BlockHash,
    time: u32,
    height: u32,
    blocks: Vec<(Block, u32)>,
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

impl Chain {
    /// A chain that holds its genesis block.
    pub fn new() -> Self {
        let context = Arc::new(ContextBuilder::new().chain_type(ChainType::Regtest).build().expect("a context"));
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_str().expect("a UTF-8 path").to_owned();
        let engine = ChainstateManager::new(&context, &path("data"), &path("blocks")).expect("an engine");
        let genesis = genesis_block(bitcoin::Network::Regtest);
        let (tip, time) = (genesis.block_hash(), genesis.header.time);
        Self { engine, _context: context, _folder: folder, tip, time, height: 0, blocks: Vec::new() }
    }

    /// The height that the engine accepts.
    pub fn height(&self) -> u32 {
        u32::try_from(self.engine.active_chain().height()).expect("a height")
    }

    /// All blocks after genesis with their heights, lowest first.
    pub fn blocks(&self) -> &[(Block, u32)] {
        &self.blocks
    }

    /// Mines a block with these transactions and pays its subsidy to `script`. Returns the block with its height
    /// where the engine made it its tip, else the block alone.
    pub fn mine(&mut self, script: ScriptBuf, transactions: &[Transaction]) -> Result<(Block, u32), Box<Block>> {
        let block = self.block(script, transactions);
        let height = self.height + 1;
        let bytes = serialize(&block);
        let read = bitcoinkernel::Block::new(bytes.as_slice()).expect("the engine reads the block");
        let _verdict = self.engine.process_block(&read);
        if self.height() != height {
            return Err(Box::new(block));
        }
        (self.tip, self.time, self.height) = (block.block_hash(), block.header.time, height);
        self.blocks.push((block.clone(), height));
        Ok((block, height))
    }

    fn block(&self, script: ScriptBuf, transactions: &[Transaction]) -> Block {
        let mut block = Block {
            header: block::Header {
                version: block::Version::from_consensus(0x2000_0000),
                prev_blockhash: self.tip,
                merkle_root: TxMerkleNode::all_zeros(),
                time: self.time + 600,
                bits: CompactTarget::from_consensus(0x207f_ffff),
                nonce: 0,
            },
            txdata: vec![coinbase(self.height + 1, script)],
        };
        block.txdata.extend_from_slice(transactions);
        let root = block.witness_root().expect("transactions");
        let commitment = Block::compute_witness_commitment(&root, &[0; 32]);
        let mut data = vec![0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];
        data.extend(commitment.as_byte_array());
        block.txdata[0].output.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(data) });
        block.header.merkle_root = block.compute_merkle_root().expect("transactions");
        while block.header.validate_pow(block.header.target()).is_err() {
            block.header.nonce += 1;
        }
        block
    }
}

/// What a block may pay out: 50 BTC, halved every 150 blocks on regtest.
pub fn subsidy(height: u32) -> Amount {
    Amount::from_sat(5_000_000_000 >> (height / 150))
}

fn coinbase(height: u32, script: ScriptBuf) -> Transaction {
    let number = bitcoin::script::Builder::new().push_int(i64::from(height)).push_int(0).into_script();
    Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig: number,
            sequence: Sequence::MAX,
            witness: Witness::from_slice(&[[0u8; 32]]),
        }],
        output: vec![TxOut { value: subsidy(height), script_pubkey: script }],
    }
}
