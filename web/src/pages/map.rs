//! `/map`: where the members stand, drawn from their coordinates alone; no tile, no server, printable.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::directory::Place;
use indexer::library::Library;

use super::{Ui, page, render};
use crate::i18n::Lang;
use crate::reader::Reader;
use crate::state::App;

/// The sheet, in units of the drawing.
const WIDE: f64 = 760.0;
const HIGH: f64 = 620.0;
const MARGIN: f64 = 34.0;
/// Libraries farther than this from the middle stand at the edge, in their direction.
const FAR_KM: f64 = 60.0;
/// Dots are at least so far apart.
const APART: f64 = 21.0;

#[derive(Template)]
#[template(path = "map.html")]
struct MapPage {
    ui: Ui,
    dots: Vec<Dot>,
    lines: Vec<Line>,
    scale: Option<Scale>,
    groups: Vec<(String, Vec<Named>)>,
    nowhere: Vec<Named>,
    width: f64,
    height: f64,
}

struct Dot {
    n: usize,
    x: f64,
    y: f64,
    class: &'static str,
}

/// From a dot that had to move to where it belongs.
struct Line {
    x1: f64,
    y1: f64,
    x2: f64,
    y2: f64,
}

struct Scale {
    width: f64,
    words: String,
}

struct Named {
    n: usize,
    code: String,
    name: String,
    address: String,
    phone: String,
    distance: Option<String>,
    is_home: bool,
}

/// A point of the drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

/// `/map`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let result = render(&map(&app, &reader));
    page(&app, &reader, result)
}

fn map(app: &App, reader: &Reader) -> MapPage {
    let (members, directory, home) = (app.members(), app.directory(), reader.home(app));
    let place_of = |library: &Library| directory.facts(&library.code).and_then(|facts| facts.place);
    let of_home = members.iter().find(|l| home.as_ref() == Some(&l.code)).and_then(place_of);
    let placed: Vec<(&Library, Place)> = members.iter().filter_map(|l| Some((l, place_of(l)?))).collect();
    let places: Vec<Place> = placed.iter().map(|(_, place)| *place).collect();
    let drawing = Drawing::of(&places);
    let named = |n: usize, library: &Library, place: Option<Place>| {
        let facts = directory.facts(&library.code);
        let is_home = home.as_ref() == Some(&library.code);
        let distance = of_home.zip(place).filter(|_| !is_home);
        Named {
            n,
            code: library.code.to_string(),
            name: library.name.clone(),
            address: facts.map(|f| f.address.clone()).unwrap_or_default(),
            phone: facts.map(|f| f.phone.clone()).unwrap_or_default(),
            distance: distance.map(|(home, place)| kilometres(home.distance_km(place), reader.lang)),
            is_home,
        }
    };
    let mut groups: Vec<(String, Vec<Named>)> = Vec::new();
    for (at, (library, place)) in placed.iter().enumerate() {
        let own = named(at + 1, library, Some(*place));
        match groups.iter_mut().find(|(name, _)| *name == library.group) {
            Some((_, all)) => all.push(own),
            None => groups.push((library.group.clone(), vec![own])),
        }
    }
    let dots = placed.iter().zip(&drawing.dots).enumerate().map(|(at, ((library, _), dot))| Dot {
        n: at + 1,
        x: round(dot.shown.x),
        y: round(dot.shown.y),
        class: match (home.as_ref() == Some(&library.code), dot.is_far) {
            (true, _) => "home",
            (_, true) => "far",
            _ => "near",
        },
    });
    let moved = drawing.dots.iter().filter(|dot| !dot.is_far && apart(dot.shown, dot.true_place) > 2.0);
    MapPage {
        ui: Ui::new(app, reader),
        dots: dots.collect(),
        lines: moved
            .map(|dot| Line {
                x1: round(dot.true_place.x),
                y1: round(dot.true_place.y),
                x2: round(dot.shown.x),
                y2: round(dot.shown.y),
            })
            .collect(),
        scale: drawing.scale(reader.lang),
        groups,
        nowhere: members.iter().filter(|l| place_of(l).is_none()).map(|l| named(0, l, None)).collect(),
        width: WIDE,
        height: HIGH,
    }
}

pub(super) fn kilometres(km: f64, lang: Lang) -> String {
    let n = if km < 10.0 { format!("{km:.1}") } else { format!("{km:.0}") };
    lang.fill("map.km", &[("n", &n)])
}

fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

fn apart(a: Point, b: Point) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

struct Drawn {
    /// Where it belongs.
    true_place: Point,
    /// Where there is room for its number.
    shown: Point,
    is_far: bool,
}

struct Drawing {
    dots: Vec<Drawn>,
    units_per_km: f64,
}

impl Drawing {
    /// Lays the places on the sheet: those around the middle one to scale, the others at the edge.
    fn of(places: &[Place]) -> Self {
        let Some(middle) = middle(places) else { return Self { dots: Vec::new(), units_per_km: 0.0 } };
        // Kilometres east and south of the middle; over a city the earth is flat.
        let km = |place: &Place| {
            let east = (place.longitude - middle.longitude) * 111.32 * middle.latitude.to_radians().cos();
            Point { x: east, y: (middle.latitude - place.latitude) * 111.32 }
        };
        let is_far = |place: &Place| middle.distance_km(*place) > FAR_KM;
        let near: Vec<Point> = places.iter().filter(|place| !is_far(place)).map(km).collect();
        let range = |of: fn(&Point) -> f64| {
            let low = near.iter().map(of).fold(f64::INFINITY, f64::min);
            let high = near.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            ((low + high) / 2.0, (high - low).max(1.0))
        };
        let ((x, wide), (y, high)) = (range(|p| p.x), range(|p| p.y));
        let units_per_km = ((WIDE - 2.0 * MARGIN) / wide).min((HIGH - 2.0 * MARGIN) / high);
        let on_sheet = |p: Point| Point {
            x: WIDE / 2.0 + (p.x - x) * units_per_km,
            y: HIGH / 2.0 + (p.y - y) * units_per_km,
        };
        let true_places: Vec<Point> =
            places.iter().map(|p| if is_far(p) { at_edge(km(p)) } else { on_sheet(km(p)) }).collect();
        let shown = spread(&true_places);
        let dots = places.iter().zip(true_places.iter().zip(shown));
        let dots = dots.map(|(place, (true_place, shown))| Drawn {
            true_place: *true_place,
            shown,
            is_far: is_far(place),
        });
        Self { dots: dots.collect(), units_per_km }
    }

    /// A bar of a round length.
    fn scale(&self, lang: Lang) -> Option<Scale> {
        let fits = |km: &f64| km * self.units_per_km <= WIDE / 3.0;
        let km = [20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1].into_iter().find(fits);
        km.filter(|_| self.units_per_km > 0.0).map(|km| Scale {
            width: round(km * self.units_per_km),
            words: lang.fill("map.km", &[("n", &km.to_string())]),
        })
    }
}

/// The middle one by latitude and by longitude: a few libraries far away do not move it.
fn middle(places: &[Place]) -> Option<Place> {
    let of = |value: fn(&Place) -> f64| {
        let mut all: Vec<f64> = places.iter().map(value).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    Some(Place { latitude: of(|p| p.latitude)?, longitude: of(|p| p.longitude)? })
}

/// Where the edge of the sheet is met in this direction.
fn at_edge(direction: Point) -> Point {
    let (wide, high) = (WIDE / 2.0 - MARGIN / 2.0, HIGH / 2.0 - MARGIN / 2.0);
    let reach = (wide / direction.x.abs().max(1e-9)).min(high / direction.y.abs().max(1e-9));
    Point { x: WIDE / 2.0 + direction.x * reach, y: HIGH / 2.0 + direction.y * reach }
}

/// Pushes dots that would hide each other apart, the same way every time.
fn spread(places: &[Point]) -> Vec<Point> {
    const ROUNDS: usize = 200;
    let mut shown = places.to_vec();
    for _ in 0..ROUNDS {
        let mut is_moved = false;
        for a in 0..shown.len() {
            for b in a + 1..shown.len() {
                let distance = apart(shown[a], shown[b]);
                if distance >= APART {
                    continue;
                }
                is_moved = true;
                // Two in one place part in a direction of their own.
                let angle = (a * 7 + b * 13) as f64;
                let (dx, dy) = match distance {
                    d if d > 0.01 => ((shown[b].x - shown[a].x) / d, (shown[b].y - shown[a].y) / d),
                    _ => (angle.cos(), angle.sin()),
                };
                let push = (APART - distance) / 2.0 + 0.05;
                shown[a] = inside(Point { x: shown[a].x - dx * push, y: shown[a].y - dy * push });
                shown[b] = inside(Point { x: shown[b].x + dx * push, y: shown[b].y + dy * push });
            }
        }
        if !is_moved {
            break;
        }
    }
    shown
}

fn inside(p: Point) -> Point {
    let room = MARGIN / 2.0;
    Point { x: p.x.clamp(room, WIDE - room), y: p.y.clamp(room, HIGH - room) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beijing_and_shanghai() -> Vec<Place> {
        data::places::all().filter_map(|(_, latitude, longitude)| Place::of(latitude, longitude)).collect()
    }

    #[test]
    fn every_dot_is_on_the_sheet_and_none_hides_another() {
        let places = beijing_and_shanghai();
        let drawing = Drawing::of(&places);
        assert_eq!(drawing.dots.len(), places.len());
        for (i, a) in drawing.dots.iter().enumerate() {
            assert!((0.0..=WIDE).contains(&a.shown.x) && (0.0..=HIGH).contains(&a.shown.y), "{i}");
            for b in &drawing.dots[i + 1..] {
                assert!(apart(a.shown, b.shown) > APART * 0.8, "{:?} {:?}", a.shown, b.shown);
            }
        }
        let far: Vec<usize> = (0..places.len()).filter(|i| drawing.dots[*i].is_far).collect();
        assert_eq!(far, [1], "Shanghai stands at the edge");
        assert!(drawing.dots[1].shown.y > HIGH * 0.8 && drawing.dots[1].shown.x > WIDE / 2.0, "south-east");
        assert!(drawing.scale(Lang::En).is_some());
    }

    #[test]
    fn nothing_and_one_place_can_be_drawn() {
        assert!(Drawing::of(&[]).dots.is_empty() && Drawing::of(&[]).scale(Lang::En).is_none());
        let one = Drawing::of(&beijing_and_shanghai()[..1]);
        assert_eq!(one.dots[0].shown, Point { x: WIDE / 2.0, y: HIGH / 2.0 });
        let twice = [beijing_and_shanghai()[0]; 2];
        assert!(apart(Drawing::of(&twice).dots[0].shown, Drawing::of(&twice).dots[1].shown) > 10.0);
    }
}
