internal import Glibc

/// A rotation about a point, then a displacement; RAS+ mm.
package struct RigidMotion: Sendable, Equatable {
    /// Degrees about the x, y and z axes, in that order.
    package var rotation: Point
    /// mm.
    package var translation: Point
    package var center: Point

    package init(rotation: Point = .zero, translation: Point = .zero, center: Point = .zero) {
        self.rotation = rotation
        self.translation = translation
        self.center = center
    }

    /// p ↦ R_z R_y R_x (p − center) + center + translation.
    package var affine: Affine {
        let radians = rotation * (Double.pi / 180)
        let (cx, sx) = (cos(radians.x), sin(radians.x))
        let (cy, sy) = (cos(radians.y), sin(radians.y))
        let (cz, sz) = (cos(radians.z), sin(radians.z))
        let first = Point(cz * cy, sz * cy, -sy)
        let second = Point(cz * sy * sx - sz * cx, sz * sy * sx + cz * cx, cy * sx)
        let third = Point(cz * sy * cx + sz * sx, sz * sy * cx - cz * sx, cy * cx)
        let turned = first * center.x + second * center.y + third * center.z
        return Affine(first, second, third, translation: center + translation - turned)
    }

    /// The angle of the whole rotation, degrees.
    package var angle: Double {
        let map = affine
        let cosine = (map.first.x + map.second.y + map.third.z - 1) / 2
        return acos(min(max(cosine, -1), 1)) * 180 / Double.pi
    }

    /// How far the center moves, mm.
    package var distance: Double { translation.length }
}
