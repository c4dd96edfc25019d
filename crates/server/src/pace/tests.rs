use super::*;

const RATE: Rate = Rate { per_second: 10, burst: 3 };

#[test]
fn after_a_burst_there_is_room_at_the_pace_of_the_rate() {
    let (buckets, begun) = (Buckets::new(RATE), Instant::now());
    let put = |key: u8, ms: u64| buckets.put(key, begun + Duration::from_millis(ms));
    assert_eq!([put(1, 0), put(1, 0), put(1, 0)], [Ok(()); 3]);
    assert_eq!(put(1, 0), Err(Duration::from_millis(100)));
    assert_eq!(put(2, 0), Ok(()));
    assert_eq!(put(1, 60), Err(Duration::from_millis(40)));
    assert_eq!((put(1, 100), put(1, 100).is_err()), (Ok(()), true));
    assert_eq!([put(1, 5_000), put(1, 5_000), put(1, 5_000)], [Ok(()); 3]);
    assert!(put(1, 5_000).is_err());
}

#[test]
fn a_full_bucket_says_so_and_empties() {
    let (buckets, begun) = (Buckets::new(RATE), Instant::now());
    assert!(!buckets.is_any_full(begun));
    (0..3).for_each(|_| buckets.put(1u8, begun).unwrap());
    assert_eq!(buckets.is_full(1, begun), Err(Duration::from_millis(100)));
    assert_eq!((buckets.is_full(2, begun), buckets.is_any_full(begun)), (Ok(()), true));
    let later = begun + Duration::from_millis(100);
    assert_eq!((buckets.is_full(1, later), buckets.is_any_full(later)), (Ok(()), false));
}

#[test]
fn more_keys_than_can_be_remembered_share_what_is_left() {
    let (buckets, begun) = (Buckets::new(RATE), Instant::now());
    let all = u32::try_from(REMEMBERED_MAX).unwrap();
    (0..all).for_each(|key| buckets.put(key, begun).unwrap());
    (0..3).for_each(|at| buckets.put(all + at, begun).unwrap());
    assert!(buckets.put(all + 3, begun).is_err());
    // Whoever is known is not held up by it.
    assert_eq!(buckets.put(0, begun), Ok(()));
    let later = begun + Duration::from_secs(1);
    assert_eq!(buckets.put(all + 4, later), Ok(()));
    assert_eq!(buckets.empty_at.lock().unwrap().len(), 1);
}

#[test]
fn addresses_of_one_network_are_one() {
    let of = |text: &str| network(text.parse().unwrap()).to_string();
    assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2:ffff::1"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_eq!((of("::ffff:192.0.2.1"), of("192.0.2.1")), ("192.0.2.1".to_owned(), "192.0.2.1".to_owned()));
}

#[test]
fn places_are_free_again_once_they_are_left() {
    let (places, at) = (Places::default(), "192.0.2.1".parse().unwrap());
    let held = [places.take(at, 2).unwrap(), places.take(at, 2).unwrap()];
    assert!(places.take(at, 2).is_none());
    assert!(places.take("192.0.2.2".parse().unwrap(), 2).is_some());
    drop(held);
    assert!(places.take(at, 2).is_some());
    assert!(places.0.lock().unwrap().is_empty());
}
