//! The end of a build: retired numbers, old ids, hashes, the manifest.
//!
//! All entries are written; nothing here reads one. It does not switch: that is `switch`.

use crate::index::Error;
use crate::index::build::Builder;
use crate::index::carry;
use crate::index::generation::{REDIRECTS, RETIRED};
use crate::index::layer::{LayerFiles, SIDE_FILES, side_file};
use crate::index::manifest::{EntryOrder, FileHash, Layer, Manifest, ManifestInput, formats};
use crate::index::out_file::OutFile;
use crate::index::redirects::{self, Pairs};
use crate::index::retired::Retired;
use crate::index::schema::FORMAT_VERSION;
use crate::index::{switch, terms, verify};

/// A build of which all entries are written.
pub(crate) struct Finished<'a> {
    pub(crate) builder: &'a Builder,
    pub(crate) layer: Layer,
    pub(crate) input: ManifestInput,
}

impl Finished<'_> {
    /// Writes what is left to write, and describes the folder.
    pub(crate) fn manifest(self) -> Result<Manifest, Error> {
        let builder = self.builder;
        let mut layers = builder.kept.clone();
        if self.layer.entries > 0 {
            layers.push(self.layer.clone());
        } else {
            self.remove_empty_layer()?;
        }
        let retired = self.retired();
        let out = |name: &str| OutFile::create(&*builder.files, &builder.dir.join(name));
        let mut file = out(RETIRED)?;
        file.write(&retired.to_bytes())?;
        file.finish()?;
        redirects::write(&self.redirects(&layers, &retired)?, out(REDIRECTS)?)?;
        let dictionary = self.dictionary(&layers)?;
        let files = self.files()?;
        let mut all = blake3::Hasher::new();
        for file in &files {
            all.update(file.name.as_bytes()).update(file.blake3.as_bytes());
        }
        let parent = builder.before.as_ref().filter(|_| !builder.kept.is_empty()).map(|g| &g.manifest);
        let order = parent.map_or(self.input.order, |parent| parent.order);
        let parent = self.parent();
        let mut libraries = self.input.libraries;
        libraries.sort_by(|a, b| a.code.cmp(&b.code));
        let stored: u64 = layers.iter().map(|layer| u64::from(layer.entries)).sum();
        Ok(Manifest {
            format: FORMAT_VERSION,
            formats: formats(),
            analysis: terms::fingerprint(),
            generation: format!("{:06}-{}", builder.number, &all.finalize().to_hex()[..8]),
            parent,
            built_at: self.input.built_at,
            built_from: self.input.built_from,
            entries: stored.saturating_sub(retired.len()),
            retired: retired.len(),
            union: self.input.union,
            order: if layers.is_empty() { EntryOrder::AsGiven } else { order },
            layers,
            dictionary,
            libraries,
            packs: self.input.packs,
            files,
            checksum: String::new(),
        })
    }

    /// A base that was rewritten stands upon the generation that the folder before stood upon.
    fn parent(&self) -> Option<String> {
        let Builder { before, kept, rewrites, .. } = self.builder;
        let before = &before.as_ref()?.manifest;
        match (rewrites, kept.is_empty()) {
            (true, _) => before.parent.clone(),
            (false, true) => None,
            (false, false) => Some(before.generation.clone()),
        }
    }

    fn remove_empty_layer(&self) -> Result<(), Error> {
        for kind in SIDE_FILES {
            let path = self.builder.dir.join(side_file(&self.layer.name, kind));
            self.builder.files.remove(&path).map_err(Error::io("remove", &path))?;
        }
        Ok(())
    }

    /// The numbers of kept layers that are no longer in force.
    fn retired(&self) -> Retired {
        let end = self.builder.kept.last().map_or(0, Layer::end);
        let mut retired = Retired::default();
        if let Some(before) = &self.builder.before {
            let gone =
                |&number: &u32| before.retired.contains(number) || self.builder.retired.contains(number);
            (0..end).filter(gone).for_each(|number| retired.insert(number));
        }
        retired
    }

    /// What becomes of ids that were in force or redirected before and are not in force now: none is forgotten.
    fn redirects(&self, layers: &[Layer], retired: &Retired) -> Result<Pairs, Error> {
        let builder = self.builder;
        let opened = layers.iter().map(|layer| LayerFiles::open(&builder.folder, layer));
        let opened = opened.collect::<Result<Vec<_>, _>>()?;
        let is_live = |id: u64| {
            opened.iter().any(|layer| {
                let mut live = false;
                layer.each_with_id(id, |own| live |= !retired.contains(layer.info.start + own));
                live
            })
        };
        let mut pairs = Pairs::new();
        if let Some(before) = &builder.before {
            pairs.extend(before.redirects.pairs());
            let all = builder.kept.is_empty();
            let changed = |&number: &u32| all || builder.retired.contains(number);
            for id in before.live().filter(changed).filter_map(|number| before.key(number)) {
                if !is_live(id) {
                    pairs.insert(id, None);
                }
            }
        }
        pairs.extend(&builder.redirects);
        Ok(redirects::collapsed(&pairs, is_live))
    }

    /// The dictionary's file: the parent's, or a new one.
    fn dictionary(&self, layers: &[Layer]) -> Result<Option<String>, Error> {
        let builder = self.builder;
        if !builder.kept.is_empty() {
            return Ok(builder.before.as_ref().and_then(|parent| parent.manifest.dictionary.clone()));
        }
        let Some(dictionary) = builder.dictionary.get().filter(|_| !layers.is_empty()) else {
            return Ok(None);
        };
        let name = side_file(&self.layer.name, "dictionary");
        let mut out = OutFile::create(&*builder.files, &builder.dir.join(&name))?;
        out.write(&dictionary.to_bytes())?;
        out.finish()?;
        Ok(Some(name))
    }

    /// All files of the folder; of those that were taken over the hash is known.
    fn files(&self) -> Result<Vec<FileHash>, Error> {
        let builder = self.builder;
        let parent = builder.before.as_ref().filter(|_| !builder.kept.is_empty()).map(|g| &g.manifest);
        let known: Vec<&FileHash> =
            parent.into_iter().flat_map(|parent| carry::kept_files(parent, &builder.kept)).collect();
        let mut files = Vec::new();
        for name in switch::file_names(&builder.dir)? {
            let taken_over = known.iter().find(|file| file.name == name).map(|file| (*file).clone());
            files.push(match taken_over {
                Some(file) => file,
                None => verify::hash_of(&builder.dir.join(&name), &name)?,
            });
        }
        Ok(files)
    }
}
