//! Makes repositories that lie, with any of the keys: stolen ones too.

use std::fs;
use std::path::{Path, PathBuf};

use indexer::snapshot::block::{pack, unpack};
use indexer::snapshot::tuf::{SigningKey, sha256, signed_by};
use serde_json::{Value, json};

/// A copy of a good repository, the keys that signed it, and one that signed nothing.
pub(crate) struct Forge {
    pub(crate) root: PathBuf,
    pub(crate) publisher: SigningKey,
    pub(crate) roots: Vec<SigningKey>,
    pub(crate) stranger: SigningKey,
    /// Version of its newest lists.
    pub(crate) version: u64,
}

/// Who signs which list.
#[derive(Clone, Copy)]
pub(crate) struct Signers<'a> {
    pub(crate) targets: &'a SigningKey,
    pub(crate) snapshot: &'a SigningKey,
    pub(crate) timestamp: &'a SigningKey,
}

fn key(path: &Path) -> SigningKey {
    SigningKey::from_text(&fs::read_to_string(path).unwrap()).unwrap()
}

impl Forge {
    pub(crate) fn new(root: &Path, publisher: &Path, roots: &Path) -> Self {
        let forge = Self {
            root: root.to_owned(),
            publisher: key(publisher),
            roots: (1..=3).map(|n| key(&roots.join(format!("root-{n}.key")))).collect(),
            stranger: SigningKey::from_seed([66; 32]).unwrap(),
            version: 0,
        };
        let version =
            forge.signed("metadata/timestamp.json")["meta"]["snapshot.json"]["version"].as_u64().unwrap();
        Self { version, ..forge }
    }

    pub(crate) fn all_roots(&self) -> Vec<&SigningKey> {
        self.roots.iter().collect()
    }

    pub(crate) fn snapshot(&self) -> String {
        format!("metadata/{}.snapshot.json", self.version)
    }

    pub(crate) fn targets(&self) -> String {
        format!("metadata/{}.targets.json", self.version)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.root.join(name)).unwrap()
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.root.join(name).parent().unwrap()).unwrap();
        fs::write(self.root.join(name), bytes).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.root.join(name)).unwrap();
    }

    pub(crate) fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.read(name);
        change(&mut bytes);
        self.put(name, &bytes);
    }

    /// The signed part of a list.
    pub(crate) fn signed(&self, name: &str) -> Value {
        serde_json::from_slice::<Value>(&self.read(name)).unwrap()["signed"].clone()
    }

    /// A list signed by any keys.
    pub(crate) fn sign(&self, name: &str, value: &Value, keys: &[&SigningKey]) {
        self.put(name, &signed_by(value, keys));
    }

    /// The timestamp, changed and signed.
    pub(crate) fn timestamp(&self, change: impl FnOnce(&mut Value)) {
        let mut value = self.signed("metadata/timestamp.json");
        change(&mut value);
        self.sign("metadata/timestamp.json", &value, &[&self.publisher]);
    }

    pub(crate) fn signers(&self) -> Signers<'_> {
        Signers { targets: &self.publisher, snapshot: &self.publisher, timestamp: &self.publisher }
    }

    /// All three lists, changed one after the other, each naming the one before as it is then.
    pub(crate) fn chain(
        &self,
        signers: Signers<'_>,
        targets: impl FnOnce(&mut Value),
        snapshot: impl FnOnce(&mut Value),
    ) {
        let mut value = self.signed(&self.targets());
        targets(&mut value);
        self.sign(&self.targets(), &value, &[signers.targets]);
        let mut value = self.signed(&self.snapshot());
        self.describe(&mut value["meta"]["targets.json"], &self.targets());
        snapshot(&mut value);
        self.sign(&self.snapshot(), &value, &[signers.snapshot]);
        let mut value = self.signed("metadata/timestamp.json");
        self.describe(&mut value["meta"]["snapshot.json"], &self.snapshot());
        self.sign("metadata/timestamp.json", &value, &[signers.timestamp]);
    }

    /// The same lists again with versions far ahead: what an honest hub says after a night in which another had its key.
    pub(crate) fn goes_on(mut self) {
        let [mut targets, mut snapshot, mut timestamp] =
            [self.targets(), self.snapshot(), "metadata/timestamp.json".to_owned()]
                .map(|name| self.signed(&name));
        self.version += 100;
        targets["version"] = json!(self.version);
        snapshot["version"] = json!(self.version);
        snapshot["meta"]["targets.json"]["version"] = json!(self.version);
        timestamp["version"] = json!(self.version + 1000);
        timestamp["meta"]["snapshot.json"]["version"] = json!(self.version);
        self.sign(&self.targets(), &targets, &[&self.publisher]);
        self.describe(&mut snapshot["meta"]["targets.json"], &self.targets());
        self.sign(&self.snapshot(), &snapshot, &[&self.publisher]);
        self.describe(&mut timestamp["meta"]["snapshot.json"], &self.snapshot());
        self.sign("metadata/timestamp.json", &timestamp, &[&self.publisher]);
    }

    fn describe(&self, place: &mut Value, name: &str) {
        let bytes = self.read(name);
        place["length"] = json!(bytes.len());
        place["hashes"] = json!({"sha256": sha256(&bytes)});
    }

    /// The list of files, changed by whoever has the daily key.
    pub(crate) fn list(&self, change: impl FnOnce(&mut Value)) {
        self.chain(self.signers(), change, |_| {});
    }

    /// The snapshot, changed by whoever has the daily key.
    pub(crate) fn group(&self, change: impl FnOnce(&mut Value)) {
        self.chain(self.signers(), |_| {}, change);
    }

    /// Name of the newest manifest in the list, and what is said of it.
    pub(crate) fn newest(&self) -> (String, Value) {
        let targets = self.signed(&self.targets())["targets"].clone();
        let all = targets.as_object().unwrap().iter();
        let (name, value) = all.max_by_key(|(_, value)| value["custom"]["order"].as_u64()).unwrap();
        (name.clone(), value.clone())
    }

    pub(crate) fn manifest_path(&self) -> String {
        let (name, value) = self.newest();
        format!("targets/{}.{name}", value["hashes"]["sha256"].as_str().unwrap())
    }

    /// What the newest manifest says.
    pub(crate) fn said(&self) -> Value {
        let (_, value) = self.newest();
        let plain = value["custom"]["plain"].as_u64().unwrap() as usize;
        serde_json::from_slice(&unpack(&self.read(&self.manifest_path()), plain).unwrap()).unwrap()
    }

    /// The newest manifest, changed and signed by whoever has the daily key.
    pub(crate) fn manifest(&self, change: impl FnOnce(&mut Value)) {
        let mut value = self.said();
        change(&mut value);
        let text = serde_json::to_vec(&value).unwrap();
        self.manifest_bytes(&pack(&text).unwrap(), text.len() as u64);
    }

    /// Any bytes in the place of the newest manifest, signed.
    pub(crate) fn manifest_bytes(&self, bytes: &[u8], plain: u64) {
        let (name, _) = self.newest();
        self.put(&format!("targets/{}.{name}", sha256(bytes)), bytes);
        self.list(|targets| {
            let target = &mut targets["targets"][&name];
            target["length"] = json!(bytes.len());
            target["hashes"] = json!({"sha256": sha256(bytes)});
            target["custom"]["plain"] = json!(plain);
        });
    }

    /// Places of the pieces that only the newest generation needs.
    pub(crate) fn new_pieces(&self) -> Vec<String> {
        let said = self.said();
        let files = said["files"].as_array().unwrap().iter();
        let newest = files.filter(|file| file["name"].as_str().unwrap().starts_with("000002."));
        let blocks = newest.flat_map(|file| file["blocks"].as_array().unwrap().clone());
        let names: Vec<String> = blocks.map(|block| block["blake3"].as_str().unwrap().to_owned()).collect();
        names.iter().map(|name| format!("objects/{}/{name}", &name[..2])).collect()
    }

    /// The file in a manifest whose pieces are new.
    pub(crate) fn new_file(manifest: &mut Value) -> &mut Value {
        let files = manifest["files"].as_array_mut().unwrap();
        files.iter_mut().find(|file| file["name"] == "000002.entries").unwrap()
    }
}
