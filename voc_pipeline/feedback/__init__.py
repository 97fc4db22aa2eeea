"""FEEDBACK: raw records in, one conformed and masked row per act of speaking out."""
