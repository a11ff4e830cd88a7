import Testing

@testable import TensorStore

@Suite struct XXHash64Tests {
    /// Lengths around every branch; values of the reference implementation (python-xxhash 3).
    @Test(
        arguments: [
            (0, 0xef46_db37_51d8_e999, 0xac75_fda2_929b_17ef), (1, 0xad10_cd97_80ac_4ff7, 0xf88a_e2f4_8ef2_4881),
            (3, 0x4062_6d96_276e_4594, 0xf001_4c3e_7499_73ce), (4, 0x8822_07c1_22c7_6e23, 0xc094_e599_7a59_fca8),
            (7, 0xcfc9_0033_aa9d_ac4f, 0xfc78_838e_468e_8d43), (8, 0x90fd_a2f0_89fa_86de, 0x9695_ee78_1e77_0068),
            (12, 0x3338_61b2_5fd6_348b, 0x4bc9_f527_e8d8_b11f), (15, 0x59f9_5bad_12d1_4c9d, 0x24da_d7ef_0e22_c47f),
            (31, 0x44cc_9efe_5d2d_0233, 0xd31a_362c_3b01_d50a), (32, 0x0e1a_ab1d_173c_f196, 0x7c01_8557_5a4c_21e7),
            (33, 0x5c82_0b4b_4fe2_8fdc, 0xeb17_9ec5_ed36_d2a8), (63, 0x1153_d36c_ade8_7066, 0x53a4_74f0_3614_30b1),
            (64, 0xd4c2_0ef5_4cbc_9f67, 0x2a36_d2b8_f242_2df9), (101, 0x48ef_436c_61ca_8303, 0x0087_c2e9_99d0_f9bf),
            (222, 0x6dbd_fdb0_12a6_fcaa, 0xd937_8ea4_17b4_5965), (1100, 0xa886_6d7c_2d8b_f966, 0x84a1_b481_6458_c543),
        ] as [(Int, UInt64, UInt64)])
    func hashesAreThoseOfTheReferenceImplementation(count: Int, unseeded: UInt64, seeded: UInt64) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 131 + 17) }
        bytes.withUnsafeBytes { bytes in
            #expect(XXHash64.hash(bytes) == unseeded)
            #expect(XXHash64.hash(bytes, seed: 0x9e37_79b1) == seeded)
        }
    }
}
