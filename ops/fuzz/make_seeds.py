"""Makes Driver/Seeds.swift: small DICOM, PNG and JPEG files from which the mutator starts.

    python3 -m pip install pydicom==3.0.2 pillow==13.0.0 numpy==2.4.6
    python3 ops/fuzz/make_seeds.py > ops/fuzz/Driver/Seeds.swift
"""
import base64
import io

import numpy
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

random = numpy.random.default_rng(1561)


def dicom(syntax, frames):
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    data.SOPInstanceUID = "1.2.3.4"
    data.Modality = "MR"
    data.SeriesDescription = "t2_tse"
    data.ScanningSequence = ["SE", "IR"]
    data.EchoTime = "98"
    data.SeriesInstanceUID = "1.2.3"
    data.InstanceNumber = "1"
    data.Rows = data.Columns = 2
    data.SamplesPerPixel = 1
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit = 15
    data.PixelRepresentation = 0
    data.PhotometricInterpretation = "MONOCHROME2"
    if frames == 1:
        data.ImagePositionPatient = [0, 0, 0]
        data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        data.PixelSpacing = [1, 1]
    else:
        data.NumberOfFrames = frames
        shared, measures, orientation = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing = [1, 1]
        orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        shared.PixelMeasuresSequence = [measures]
        shared.PlaneOrientationSequence = [orientation]
        data.SharedFunctionalGroupsSequence = [shared]
        groups = []
        for frame in range(frames):
            group, position = Dataset(), Dataset()
            position.ImagePositionPatient = [0, 0, frame]
            group.PlanePositionSequence = [position]
            groups.append(group)
        data.PerFrameFunctionalGroupsSequence = groups
    data.add_new(0x7FE00010, "OW", bytes(8 * frames))
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def picture(array, **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, **options)
    return file.getvalue()


gray = random.integers(0, 256, (9, 7), dtype=numpy.uint8)
colors = random.integers(0, 256, (6, 5, 3), dtype=numpy.uint8)
groups = {
    "DICOMSeeds.all": [
        dicom(syntax, frames) for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
        for frames in (1, 3)
    ],
    "PictureSeeds.png": [
        picture(gray, format="PNG"), picture(gray.astype(numpy.uint16) * 257, format="PNG"),
        picture(colors, format="PNG")
    ],
    "PictureSeeds.jpeg": [
        picture(gray, format="JPEG"), picture(colors, format="JPEG", progressive=True),
    ],
}
print("// Made by make_seeds.py; not to be edited.")
print("// swift-format-ignore-file")
print("import Foundation")
for kind in ("DICOMSeeds", "PictureSeeds"):
    print(f"\nenum {kind} {{")
    for name, files in groups.items():
        if name.startswith(kind):
            print(f"    static let {name.split('.')[1]}: [[UInt8]] = [")
            for data in files:
                print(f'        "{base64.b64encode(data).decode()}",')
            print("    ].map { Array(Data(base64Encoded: $0) ?? Data()) }")
    print("}")
