//! The one sentence: read → decode → map → archive → cluster → index; all rayon is here.
