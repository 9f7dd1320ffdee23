import numpy as np

from wellperf_models.synth.streams import Mechanism, Streams


def test_a_post_draws_the_same_whoever_else_draws():
    streams = Streams(7)
    every = streams.sparse_uniform(Mechanism.HIRES, -3, 1, np.arange(1000))
    some = np.array([5, 17, 800])
    np.testing.assert_array_equal(streams.sparse_uniform(Mechanism.HIRES, -3, 1, some), every[some])


def test_streams_differ_by_seed_block_mechanism_month_and_part():
    posts = np.arange(50)
    draws = [
        Streams(7).sparse_uniform(Mechanism.HIRES, 0, 0, posts),
        Streams(8).sparse_uniform(Mechanism.HIRES, 0, 0, posts),
        Streams(7, 1).sparse_uniform(Mechanism.HIRES, 0, 0, posts),
        Streams(7).sparse_uniform(Mechanism.MOVES, 0, 0, posts),
        Streams(7).sparse_uniform(Mechanism.HIRES, 1, 0, posts),
        Streams(7).sparse_uniform(Mechanism.HIRES, 0, 1, posts),
    ]
    assert np.unique(np.concatenate(draws)).size == 300


def test_sparse_numbers_have_their_distribution():
    n = 200_000
    u = Streams(1).sparse_uniform(Mechanism.HIRES, 0, 0, np.arange(n))
    z = Streams(1).sparse_normal(Mechanism.HIRES, 0, 1, np.arange(n))
    # five standard errors each
    assert abs(u.mean() - 0.5) < 5 * (1 / 12 / n) ** 0.5
    assert (
        np.abs(np.bincount((u * 20).astype(int), minlength=20) / n - 0.05).max()
        < 5 * (0.05 * 0.95 / n) ** 0.5
    )
    assert abs(z.mean()) < 5 / n**0.5
    assert abs(z.std() - 1) < 5 / (2 * n) ** 0.5
    assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 5 / n**0.5
    assert abs(np.corrcoef(u, z)[0, 1]) < 5 / n**0.5


def test_dense_generators_start_afresh_at_each_call():
    first, again = (Streams(2).of(Mechanism.SURVEY, 4).random(5) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, Streams(2).of(Mechanism.SURVEY, 5).random(5))
