//! Files of other formats, known by how they begin.

/// What a file is, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    /// With its article.
    pub(super) kind: &'static str,
    pub(super) remedy: &'static str,
}

const PYTORCH: Foreign = Foreign {
    kind: "a PyTorch file",
    remedy: "convert it: numpy.save('x.npy', torch.load('x.pt').float().numpy()), of the tensor that is meant",
};
const PICKLE: Foreign = Foreign {
    kind: "a Python pickle, which can run code when it is loaded",
    remedy: "load it yourself and write the array with numpy.save",
};
const HDF5: Foreign =
    Foreign { kind: "an HDF5 file", remedy: "convert it: numpy.save('x.npy', h5py.File('x.h5')['dataset'][:])" };
const MATLAB: Foreign =
    Foreign { kind: "a MATLAB file", remedy: "convert it: numpy.save('x.npy', scipy.io.loadmat('x.mat')['variable'])" };
const DICOM: Foreign =
    Foreign { kind: "a DICOM file", remedy: "convert it: numpy.save('x.npy', pydicom.dcmread('x.dcm').pixel_array)" };
const PICTURE: &str = "its compression changes the values of a mask; save it as PNG from what it was made of, or numpy.asarray(PIL.Image.open('x.jpg')) as .npy";
const UNPACK: &str = "unpack it first";
const VOLUME: &str = "convert it: SimpleITK.WriteImage(SimpleITK.ReadImage('x.nrrd'), 'x.nii.gz')";
const BITMAP: &str = "convert it without loss: PIL.Image.open('x.bmp').save('x.png')";
const PAIR: &str =
    "save header and voxels as one file: nibabel.save(nibabel.Nifti1Image.from_image(nibabel.load('x.hdr')), 'x.nii')";
const MGH: Foreign = Foreign {
    kind: "a FreeSurfer volume",
    remedy: "convert it: nibabel.save(nibabel.Nifti1Image.from_image(nibabel.load('x.mgz')), 'x.nii.gz')",
};

/// Formats by their first bytes.
const BEGINNINGS: [(&[u8], Foreign); 27] = [
    // The number that torch.save wrote before it wrote archives.
    (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19", PYTORCH),
    (b"\x80\x02", PICKLE),
    (b"\x80\x03", PICKLE),
    (b"\x80\x04", PICKLE),
    (b"\x80\x05", PICKLE),
    (b"\x89HDF\r\n\x1a\n", HDF5),
    (b"MATLAB 7.3 MAT-file", HDF5),
    (b"MATLAB 5.0 MAT-file", MATLAB),
    (b"\xff\xd8\xff", Foreign { kind: "a JPEG picture", remedy: PICTURE }),
    (
        b"\x1f\x8b",
        Foreign {
            kind: "compressed by gzip",
            remedy: "of these only .nii.gz is read; unpack it first: gunzip -k file.npy.gz",
        },
    ),
    (b"\xfd7zXZ\0", Foreign { kind: "compressed by xz", remedy: UNPACK }),
    (b"BZh", Foreign { kind: "compressed by bzip2", remedy: UNPACK }),
    (b"\x28\xb5\x2f\xfd", Foreign { kind: "compressed by zstd", remedy: UNPACK }),
    (b"7z\xbc\xaf\x27\x1c", Foreign { kind: "a 7-Zip archive", remedy: UNPACK }),
    (b"NRRD0", Foreign { kind: "an NRRD file", remedy: VOLUME }),
    (b"ObjectType", Foreign { kind: "a MetaImage file", remedy: VOLUME }),
    (b"# vtk DataFile", Foreign { kind: "a VTK file", remedy: VOLUME }),
    (b"BM", Foreign { kind: "a BMP picture", remedy: BITMAP }),
    (b"GIF8", Foreign { kind: "a GIF picture", remedy: BITMAP }),
    (b"RIFF", Foreign { kind: "a WebP picture", remedy: BITMAP }),
    (b"P4", Foreign { kind: "a PBM picture", remedy: BITMAP }),
    (b"P5", Foreign { kind: "a PGM picture", remedy: BITMAP }),
    (b"P6", Foreign { kind: "a PPM picture", remedy: BITMAP }),
    (b"\0\0\0\x0cjP  ", Foreign { kind: "a JPEG 2000 picture", remedy: PICTURE }),
    // The length of the header, 348, in both orders of bytes. What is a NIfTI was recognised before.
    (b"\x5c\x01\0\0", Foreign { kind: "an Analyze header", remedy: PAIR }),
    (b"\0\0\x01\x5c", Foreign { kind: "an Analyze header", remedy: PAIR }),
    (b"\0\0\0\x01\0\0", MGH),
];

/// The format of a file whose beginning says nothing, from its name.
pub(super) fn recognise_name(name: &str) -> Option<Foreign> {
    let is_image =
        name.len() > 4 && name.is_char_boundary(name.len() - 4) && name[name.len() - 4..].eq_ignore_ascii_case(".img");
    is_image.then_some(Foreign { kind: "the voxels of a NIfTI or Analyze pair without their header", remedy: PAIR })
}

/// The format of what was compressed by gzip.
pub(super) fn recognise_unpacked(start: &[u8]) -> Option<Foreign> {
    start.starts_with(b"\0\0\0\x01\0\0").then_some(MGH)
}

/// How much of a file [`recognise`] looks at.
pub(super) const LOOKED_AT: u64 = 600;

/// The format of a file of another kind, from its first [`LOOKED_AT`] bytes.
pub(super) fn recognise(start: &[u8]) -> Option<Foreign> {
    let begins = BEGINNINGS.iter().find(|(beginning, _)| start.starts_with(beginning));
    let contains = |position: usize, bytes: &[u8]| start.get(position..).is_some_and(|rest| rest.starts_with(bytes));
    begins.map(|(_, foreign)| *foreign).or_else(|| contains(128, b"DICM").then_some(DICOM).or_else(|| text(start)))
}

/// A table of numbers, or other text.
fn text(start: &[u8]) -> Option<Foreign> {
    let is_text = start.len() > 1
        && start.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
        && start.iter().any(|byte| byte.is_ascii_whitespace());
    let remedy = "if it is a table of numbers: numpy.save('x.npy', numpy.loadtxt('x.csv', delimiter=','))";
    is_text.then_some(Foreign { kind: "a text file", remedy })
}

/// The format of a zip archive that numpy.savez did not write, from the names of its members.
pub(super) fn recognise_archive<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<Foreign> {
    names.any(|name| name == "data.pkl" || name.ends_with("/data.pkl")).then_some(PYTORCH)
}
