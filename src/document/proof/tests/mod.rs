//! The proof beside the document itself.

mod honest;
