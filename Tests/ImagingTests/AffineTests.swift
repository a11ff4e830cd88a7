import Contracts
import Imaging
import Testing

@Suite struct AffineTests {
    static let oblique = Affine(
        Point(-0.89, -0.02, 0.05), Point(0.01, 0.86, 0.26), Point(0.32, -1.57, 5.26), translation: Point(91, -71, -98))

    @Test func anAffineAndItsInverseUndoEachOther() throws {
        let inverse = try Self.oblique.inverted()
        for point in [Point(0, 0, 0), Point(10, -3, 7), Point(200, 255, 25)] {
            #expect((inverse.apply(Self.oblique.apply(point)) - point).length < 1e-11)
            #expect((Self.oblique.composed(with: inverse).apply(point) - point).length < 1e-11)
        }
    }

    @Test func composingDoesTheInnerMapFirst() {
        let shift = Affine(spacing: Point(1, 1, 1), origin: Point(5, 0, 0))
        let stretch = Affine(spacing: Point(2, 2, 2), origin: .zero)
        #expect(stretch.composed(with: shift).apply(Point(1, 1, 1)) == Point(12, 2, 2))
        #expect(shift.composed(with: stretch).apply(Point(1, 1, 1)) == Point(7, 2, 2))
    }

    @Test func rowsGoOutAndComeBack() {
        #expect(Affine(rows: Self.oblique.rows) == Self.oblique)
        #expect(Affine(rows: Array(Self.oblique.rows.prefix(12))) == Self.oblique)
        #expect(Affine(rows: [1, 2, 3]) == nil)
        #expect(Affine(rows: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2]) == nil)
    }

    @Test func aFlatOrInfiniteAffineCannotBeInverted() throws {
        for affine in [
            Affine(Point(1, 0, 0), Point(0, 1, 0), Point(1, 1, 0), translation: .zero),
            Affine(Point(1, 0, 0), Point(2, 0, 0), Point(0, 0, 1), translation: .zero),
            Affine(Point(0, 0, 0), Point(0, 1, 0), Point(0, 0, 1), translation: .zero),
            Affine(Point(.nan, 0, 0), Point(0, 1, 0), Point(0, 0, 1), translation: .zero),
            Affine(Point(1, 0, 0), Point(0, 1, 0), Point(0, 0, 1), translation: Point(.infinity, 0, 0)),
        ] {
            #expect(try reason { _ = try affine.inverted() } == .affineInvalid)
        }
        // Tiny voxels are no flat affine.
        #expect(try reason { _ = try Affine(spacing: Point(1e-3, 1e-3, 1e-3), origin: .zero).inverted() } == nil)
    }

    @Test func orientationNamesTheEndThatEachAxisRunsTo() {
        #expect(Orientation(.identity).description == "RAS")
        #expect(Orientation(Self.oblique).description == "LAS")
        let sagittal = Affine(Point(0, -1, 0.1), Point(0, -0.1, -1), Point(1, 0, 0), translation: .zero)
        #expect(Orientation(sagittal).description == "PIR")
        #expect(Orientation(sagittal).sliceAxis(of: .axial) == 1)
        #expect(Orientation(sagittal).sliceAxis(of: .sagittal) == 2)
        #expect(Orientation(sagittal).sliceAxis(of: .coronal) == 0)
    }

    @Test func axesThatLeanTowardTheSameWorldAxisAreStillToldApart() {
        // Both i and j come closest to right; the pair with the larger sum of cosines wins.
        let leaning = Affine(Point(0.8, 0.6, 0), Point(0.75, -0.66, 0), Point(0, 0, 1), translation: .zero)
        #expect(Set(Orientation(leaning).worldAxes) == [0, 1, 2])
        #expect(Orientation(leaning).description == "RPS")
    }
}
