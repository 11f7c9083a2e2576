"""The promises of a deployment, put to the proof: `python -m tests.deploy.proofs.NAME --count N --seed S`.

`kills` ends or cuts off deployments at every step and at random moments, `load` asks nginx all the time, `rivals` lets
two deploy at once, `hostile` gives bad input, `full` fills the disk. Each prints what it did and every promise that was
broken, and exits 1 if there was one. Reduced versions run in `tests/deploy/test_proofs.py`.
"""
